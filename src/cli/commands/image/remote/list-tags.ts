import { defineCommand } from "../../../arguments/command.ts";
import { choice } from "../../../arguments/option.ts";
import { accessTo, credsOption, tlsVerifyOption } from "./access.ts";

export const listTags = defineCommand({
  path: ["image", "list-tags"],
  aliases: [],
  summary: "List the tags of a repository in a registry",
  args: { usage: "docker://NAME", least: 1, most: 1 },
  repeatable: true,
  options: {
    creds: credsOption,
    format: choice("FORMAT", "As lines, or as skopeo's JSON", { words: ["lines", "json"] }),
    "tls-verify": tlsVerifyOption,
  },
  examples: [{ line: "tug image list-tags docker://debian", does: "See what there is to pull" }],
  async run({ options, args: [name = ""], connect, context, signal }) {
    const place = name.startsWith("docker://") ? name : `docker://${name}`;
    const access = await accessTo(place, options, context);
    const tags = await (await connect()).images.remote.tags(place, { ...access, signal });
    const Repository = place.slice("docker://".length).replace(/:[^:/]+$/, "");
    if (options.format === "json")
      return { output: `${JSON.stringify({ Repository, Tags: tags }, null, 4)}\n` };
    return { output: tags.map((tag) => `${tag}\n`).join("") };
  },
});
