import { resolve } from "node:path";
import type { Client } from "../../../../api/docker/client/index.ts";
import { messageOf } from "../../../../base/index.ts";
import { defineCommand } from "../../../arguments/command.ts";
import { choice, flag } from "../../../arguments/option.ts";
import type { CliContext } from "../../../context.ts";
import { cliError } from "../../../errors.ts";
import { write } from "../../../write.ts";
import { type AccessValues, accessTo, credsOption, tlsVerifyOption } from "./access.ts";
import { copyRequest, runCopy } from "./copy.ts";
import { jobsOfDirectory, jobsOfList, jobsOfRegistry, type SyncJob, targetOf } from "./sync-jobs.ts";

export const sync = defineCommand({
  path: ["image", "sync"],
  aliases: [],
  summary: "Copy many images, and leave alone what is unchanged",
  args: { usage: "SOURCE TARGET", least: 2, most: 2 },
  options: {
    all: flag("All images of each index, and the index", { short: "a" }),
    dest: choice("KIND", "What the target is", { words: ["docker", "dir"], short: "d" }),
    "dest-creds": credsOption,
    "dest-tls-verify": tlsVerifyOption,
    "dry-run": flag("Only say what would be copied"),
    "keep-going": flag("Go on after a failure; the command fails in the end"),
    scoped: flag("Keep the whole name below the target, the registry included"),
    src: choice("KIND", "What the source is", { words: ["docker", "dir", "yaml"], short: "s" }),
    "src-creds": credsOption,
    "src-tls-verify": tlsVerifyOption,
  },
  examples: [
    {
      line: "tug image sync -s docker -d dir debian /media/usb",
      does: "Carry all tags of a repository along",
    },
    {
      line: "tug image sync -s yaml -d docker list.yaml localhost:5000/mirror",
      does: "Keep a registry up to date",
    },
  ],
  async run({ options, args: [source = "", target = ""], connect, context, signal }) {
    const { src, dest, scoped } = options;
    if (src === undefined || dest === undefined) {
      throw cliError("USAGE", "cannot sync: --src and --dest say what the source and the target are");
    }
    const client = await connect();
    const from = { creds: options["src-creds"], "tls-verify": options["src-tls-verify"] };
    const jobs = await findJobs(src, { source, from, context, client, signal });
    const to = dest === "dir" ? resolve(context.cwd, target) : target.replace(/^docker:\/\//, "");
    const targetAccess = { creds: options["dest-creds"], "tls-verify": options["dest-tls-verify"] };
    const counts = { changed: 0, failed: 0 };
    for (const job of jobs) {
      const place = targetOf(job, { kind: dest, target: to, scoped });
      await write(context.stdout, `${job.source} -> ${place}\n`);
      if (options["dry-run"]) continue;
      const asked = {
        source: job.source,
        target: place,
        all: options.all,
        signatures: false,
        platform: undefined,
      };
      const body = await copyRequest({ ...asked, sourceAccess: job.access, targetAccess }, context);
      try {
        const { Changed } = await runCopy(client, body, { context, quiet: true, signal });
        if (Changed) counts.changed += 1;
      } catch (error) {
        if (!options["keep-going"]) throw error;
        counts.failed += 1;
        await write(context.stderr, `tug: ${messageOf(error)}\n`);
      }
    }
    return summary(jobs.length, counts, options["dry-run"]);
  },
});

type Finding = {
  source: string;
  from: AccessValues;
  context: CliContext;
  client: Client;
  signal: AbortSignal;
};

async function findJobs(
  kind: "docker" | "dir" | "yaml",
  { source, from, context, client, signal }: Finding,
): Promise<SyncJob[]> {
  const list = async (place: string, values: AccessValues) =>
    client.images.remote.tags(place, { ...(await accessTo(place, values, context)), signal });
  const path = resolve(context.cwd, source);
  if (kind === "dir") return await jobsOfDirectory(path, from);
  return kind === "yaml" ? await jobsOfList(path, from, list) : await jobsOfRegistry(source, from, list);
}

function summary(total: number, { changed, failed }: { changed: number; failed: number }, isDry: boolean) {
  if (isDry) return { output: `${total} images would be looked at\n` };
  const output = `${changed} of ${total} images were copied, ${total - changed - failed} were there already\n`;
  if (failed === 0) return { output };
  throw cliError("FAILED", `cannot sync ${failed} of ${total} images; ${changed} were copied`);
}
