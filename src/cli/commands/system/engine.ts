import { defineCommand } from "../../arguments/command.ts";
import { flag, text } from "../../arguments/option.ts";
import { cliError } from "../../errors.ts";

/** `tug` on disk becomes the engine before any command line is read; here is only what help and completion know of it. */
export const engine = defineCommand({
  path: ["engine"],
  aliases: [],
  summary: "Be the engine, for a service manager",
  args: { usage: "", least: 0, most: 0 },
  options: {
    "data-root": text("DIRECTORY", "Where images and containers are kept (default /var/lib/tug)"),
    "run-root": text("DIRECTORY", "Where sockets and running containers are (default /run/tug)"),
    "default-network": text(
      "MODE",
      "Network of containers that name none: bridge, host or none (default bridge)",
    ),
    policy: text(
      "FILE",
      "Who must have signed images (default /etc/tug/policy.json, /etc/containers/policy.json)",
      {
        completes: "files",
      },
    ),
    config: text("FILE", "The engine's configuration (default /etc/tug/config.yaml)", { completes: "files" }),
    snapshotter: text(
      "NAME",
      "How layers are kept that come from now on: overlay or erofs (default: erofs where the kernel mounts files)",
    ),
    debug: flag("Log more"),
  },
  examples: [{ line: "tug engine", does: "Serve in the foreground, logging to standard output" }],
  async run() {
    throw cliError("USAGE", "cannot become the engine: this process serves a command line", {
      hint: "run the program tug itself",
    });
  },
});
