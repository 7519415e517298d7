import { defineCommand, type Invocation, type Outcome } from "../../arguments/command.ts";
import { flag, type ValuesOf } from "../../arguments/option.ts";
import { copyFromContainer } from "../../copy/from-container.ts";
import { readCopyPath } from "../../copy/paths.ts";
import { copyToContainer } from "../../copy/to-container.ts";
import { cliError } from "../../errors.ts";
import { humanSize } from "../../table/sizes.ts";
import { write } from "../../write.ts";

const options = {
  archive: flag("Keep owners, and set-id bits of files", { short: "a" }),
  "follow-link": flag("Copy what a link leads to", { short: "L" }),
  quiet: flag("Say nothing about what was copied", { short: "q" }),
} as const;

export const cp = defineCommand({
  path: ["container", "cp"],
  aliases: [["cp"]],
  summary: "Copy files between a container and this machine",
  args: { usage: "CONTAINER:PATH|PATH|- CONTAINER:PATH|PATH|-", least: 2, most: 2, completes: "files" },
  options,
  examples: [
    { line: "tug cp web:/var/log/app.log .", does: "Get a file out of a container, running or not" },
    { line: "tug cp site/. web:/srv/www", does: "Put what is in a directory into a container" },
    { line: "tug cp web:/etc - | tar -t", does: "Look at an archive of a directory" },
  ],
  run: copy,
});

async function copy(invocation: Invocation<ValuesOf<typeof options>>): Promise<Outcome> {
  const { options: values, args, context, signal } = invocation;
  const [from, to] = args.map((text) => readCopyPath(text, context));
  if (from === undefined || to === undefined) return {};
  const how = { archive: values.archive, followLink: values["follow-link"] };
  let bytes: number | undefined;
  if (from.kind === "container" && to.kind === "container") {
    throw cliError("COPY", "cannot copy between containers", {
      hint: "copy to this machine first, or pipe: tug cp A:/path - | tug cp - B:/path",
    });
  }
  if (from.kind === "container" && to.kind !== "container") {
    bytes = await copyFromContainer({
      client: await invocation.connect(),
      context,
      from,
      to,
      options: how,
      signal,
    });
  } else if (from.kind !== "container" && to.kind === "container") {
    bytes = await copyToContainer({
      client: await invocation.connect(),
      context,
      from,
      to,
      options: how,
      signal,
    });
  } else {
    throw cliError("COPY", "cannot copy: one side must be in a container", {
      hint: "name it CONTAINER:PATH",
    });
  }
  // As Docker's client: a word about it only where somebody looks.
  const quiet = invocation.given("quiet") ? values.quiet : !context.terminal.stdout;
  if (!quiet && bytes !== undefined) {
    await write(context.stderr, `Successfully copied ${humanSize(bytes)} to ${args[1]}\n`);
  }
  return {};
}
