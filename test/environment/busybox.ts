import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { debianProgram } from "./requirements.ts";
import type { TarEntry } from "./tar.ts";

const directories = [
  "bin",
  "dev",
  "etc",
  "home",
  "proc",
  "root",
  "run",
  "sys",
  "tmp",
  "usr",
  "usr/bin",
  "var",
  "var/tmp",
];

const files = {
  "etc/group": "root:x:0:\nstaff:x:50:user\nusers:x:100:\n",
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:100:user:/home/user:/bin/sh\n",
};

/**
 * A small root filesystem as the entries of a layer: busybox with a link for each of its programs, the users root and
 * user (1000, with the groups users and staff), and the usual directories. Needs `debianProgram("busybox")`.
 */
export function busyboxEntries(): TarEntry[] {
  const { path } = debianProgram("busybox");
  const applets = execFileSync(path, ["--list"], { encoding: "utf8" }).trim().split("\n");
  return [
    ...directories.map((name): TarEntry => ({ path: name, type: "directory", ...modes[name] })),
    ...Object.entries(files).map(([name, content]): TarEntry => ({ path: name, content })),
    { path: "bin/busybox", content: readFileSync(path), mode: 0o755 },
    ...applets
      .filter((name) => name !== "busybox")
      .map((name): TarEntry => ({ path: `bin/${name}`, type: "symlink", target: "busybox" })),
  ];
}

const modes: Readonly<Record<string, { mode: number }>> = {
  root: { mode: 0o700 },
  tmp: { mode: 0o1777 },
  "var/tmp": { mode: 0o1777 },
};

/** Writes that root filesystem into an existing directory, owned by whoever runs the tests. */
export async function busyboxRootfs(directory: string): Promise<void> {
  for (const entry of busyboxEntries()) {
    const path = join(directory, entry.path);
    if (entry.type === "directory") await mkdir(path, { recursive: true });
    else if (entry.type === "symlink") await symlink(entry.target ?? "", path);
    else await writeFile(path, entry.content ?? "");
    if (entry.type !== "symlink") {
      await chmod(path, entry.mode ?? (entry.type === "directory" ? 0o755 : 0o644));
    }
  }
}
