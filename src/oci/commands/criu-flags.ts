import { isAbsolute, resolve } from "node:path";
import { type CgroupMode, type CriuSettings, cgroupModes } from "../../runtime/index.ts";
import type { OciEnvironment } from "../command.ts";
import { ociCliError } from "../errors.ts";
import type { FlagValues } from "../flags.ts";

/** Flags that checkpoint and restore share. */
export const criuFlags = {
  "image-path": {
    kind: "text",
    placeholder: "path",
    help: "directory of criu's images, default: checkpoint in the current directory",
  },
  "work-path": {
    kind: "text",
    placeholder: "path",
    help: "directory for criu's log and work, default: that of the images",
  },
  "tcp-established": { kind: "boolean", help: "allow open tcp connections" },
  "ext-unix-sk": { kind: "boolean", help: "allow external unix sockets" },
  "shell-job": { kind: "boolean", help: "allow shell jobs" },
  "file-locks": { kind: "boolean", help: "handle file locks" },
  "manage-cgroups-mode": {
    kind: "text",
    placeholder: "mode",
    help: "how control groups are handled: soft (default), full, strict or ignore",
  },
  "empty-ns": {
    kind: "list",
    placeholder: "namespace",
    help: "namespace to make without its properties: network, which always is",
  },
  "auto-dedup": { kind: "boolean", help: "drop pages of earlier images that later ones replace" },
  "lazy-pages": { kind: "boolean", help: "fetch pages of memory when they are used, by userfaultfd" },
} as const;

/** The settings of criu that the flags stand for. @throws OCI_CLI_FLAG */
export function criuSettings(
  flags: FlagValues<typeof criuFlags>,
  { cwd, env, criu }: OciEnvironment,
): CriuSettings {
  const wrong = flags["empty-ns"].find((name) => name !== "network");
  if (wrong !== undefined) {
    throw ociCliError("FLAG", `namespace ${JSON.stringify(wrong)} is not supported for flag -empty-ns`, {
      hint: "use network",
    });
  }
  const work = flags["work-path"];
  return {
    criu: { cwd, env, path: criu, howToSay: "--criu" },
    images: resolve(cwd, flags["image-path"] ?? "checkpoint"),
    ...(work !== undefined && { work: resolve(cwd, work) }),
    tcpEstablished: flags["tcp-established"],
    extUnixSk: flags["ext-unix-sk"],
    shellJob: flags["shell-job"],
    fileLocks: flags["file-locks"],
    autoDedup: flags["auto-dedup"],
    lazyPages: flags["lazy-pages"],
    cgroupMode: cgroupMode(flags["manage-cgroups-mode"]),
  };
}

function cgroupMode(text: string | undefined): CgroupMode | undefined {
  if (text === undefined || text === "") return undefined;
  if (Object.hasOwn(cgroupModes, text)) return text as CgroupMode;
  throw ociCliError("FLAG", `invalid value ${JSON.stringify(text)} for flag -manage-cgroups-mode`, {
    hint: `use ${Object.keys(cgroupModes).join(", ")}`,
  });
}

/** `ADDRESS:PORT`, an address of version 6 in brackets. @throws OCI_CLI_FLAG */
export function pageServer(text: string | undefined): { address: string; port: number } | undefined {
  if (text === undefined || text === "") return undefined;
  const [, address = "", port = ""] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  const plain = address.replace(/^\[(.*)\]$/, "$1");
  if (plain !== "" && Number(port) > 0 && Number(port) < 65_536)
    return { address: plain, port: Number(port) };
  throw ociCliError("FLAG", `invalid value ${JSON.stringify(text)} for flag -page-server`, {
    hint: "use ADDRESS:PORT",
  });
}

/** @throws OCI_CLI_FLAG */
export function parentPath(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  if (!isAbsolute(text)) return text;
  throw ociCliError("FLAG", `invalid value ${text} for flag -parent-path: it must be relative`, {
    hint: "give it as it is seen from --image-path, such as ../before",
  });
}
