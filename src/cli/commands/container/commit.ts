import { defineCommand } from "../../arguments/command.ts";
import { flag, text, texts } from "../../arguments/option.ts";

export const commit = defineCommand({
  path: ["container", "commit"],
  aliases: [["commit"]],
  summary: "Make an image of a container and what it has written",
  args: { usage: "CONTAINER [NAME[:TAG]]", least: 1, most: 2, completes: "containers" },
  options: {
    author: text("NAME", 'Who made it, such as "Ada <ada@example.org>"', { short: "a" }),
    change: texts("INSTRUCTION", "Instruction of a Dockerfile for the image, such as 'CMD [\"sh\"]'", {
      short: "c",
    }),
    message: text("TEXT", "Sentence for the image's history", { short: "m" }),
    pause: flag("Freeze the container meanwhile", { short: "p", initial: true }),
  },
  examples: [
    { line: "tug commit web web:patched", does: "Keep what was changed in a container by hand" },
    { line: "tug commit -c 'CMD [\"serve\"]' build app:1", does: "And say what its containers run" },
  ],
  async run({ options, args: [container = "", name], connect, signal }) {
    const { Id } = await (await connect()).images.commit(container, {
      name,
      author: options.author,
      comment: options.message,
      pause: options.pause,
      changes: options.change,
      signal,
    });
    return { output: `${Id}\n` };
  },
});
