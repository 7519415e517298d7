import { resolve } from "node:path";
import { errnoOf, openNewFile } from "../../base/index.ts";
import { defaultSpec, rootlessSpec } from "../../runtime/index.ts";
import { printJson } from "../../specs/oci-runtime/index.ts";
import { ociCommand } from "../command.ts";
import { ociCliError } from "../errors.ts";

/** Writes a config.json to begin with. */
export const spec = ociCommand({
  name: "spec",
  summary: "create a new specification file",
  usage: "",
  args: [0, 0],
  flags: {
    bundle: {
      kind: "text",
      short: "b",
      placeholder: "path",
      help: "path to the root of the bundle directory",
    },
    rootless: { kind: "boolean", help: "generate a configuration for a rootless container" },
  },
  async action({ flags }, environment) {
    const { facts } = await environment.runtime();
    const unified = facts.mounts.some(
      ({ type, mountPoint }) => type === "cgroup2" && mountPoint === "/sys/fs/cgroup",
    );
    const ids = { uid: environment.uid, gid: environment.uid };
    const document = flags.rootless ? rootlessSpec(unified, ids) : defaultSpec(unified);
    const path = resolve(environment.cwd, flags.bundle ?? ".", "config.json");
    try {
      await using file = await openNewFile(path, environment.umask);
      await file.writeFile(`${printJson(document, "\t")}\n`);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
      throw ociCliError("EXISTS", `file ${path} exists. Remove it first`, { cause: error });
    }
    return 0;
  },
});
