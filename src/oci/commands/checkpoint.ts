import { checkpointContainer } from "../../runtime/index.ts";
import { ociCommand } from "../command.ts";
import { ociCliError } from "../errors.ts";
import { wholeNumber } from "../numbers.ts";
import { criuFlags, criuSettings, pageServer, parentPath } from "./criu-flags.ts";

/** Has criu dump the processes of a container into files. */
export const checkpoint = ociCommand({
  name: "checkpoint",
  summary: "checkpoint a running container",
  usage: "<container-id>",
  args: [1, 1],
  flags: {
    ...criuFlags,
    "parent-path": {
      kind: "text",
      placeholder: "path",
      help: "directory of an earlier pre-dump, relative to --image-path",
    },
    "leave-running": { kind: "boolean", help: "leave the container running" },
    "tcp-skip-in-flight": { kind: "boolean", help: "skip tcp connections that are not established yet" },
    "link-remap": { kind: "boolean", help: "link unlinked files back where that is possible" },
    "status-fd": {
      kind: "text",
      placeholder: "N",
      help: "descriptor that gets a zero byte once --lazy-pages is ready",
    },
    "page-server": { kind: "text", placeholder: "address:port", help: "page server that takes the memory" },
    "pre-dump": { kind: "boolean", help: "dump memory only, and leave the container running" },
  },
  async action({ flags, args: [id = ""] }, environment) {
    const statusFd = statusDescriptor(flags["status-fd"]);
    await checkpointContainer(await environment.runtime(), id, {
      ...criuSettings(flags, environment),
      parent: parentPath(flags["parent-path"]),
      leaveRunning: flags["leave-running"],
      preDump: flags["pre-dump"],
      tcpSkipInFlight: flags["tcp-skip-in-flight"],
      linkRemap: flags["link-remap"],
      pageServer: pageServer(flags["page-server"]),
      ...(flags["lazy-pages"] && statusFd !== undefined && { statusFd }),
    });
    return 0;
  },
});

/** -1, runc's default, is none. */
function statusDescriptor(text: string | undefined): number | undefined {
  if (text === "-1") return undefined;
  const number = wholeNumber(text, "status-fd");
  if (number === undefined || (number > 2 && number < 1024)) return number;
  throw ociCliError("FLAG", `invalid value ${number} for flag -status-fd: it is no descriptor from 3 on`);
}
