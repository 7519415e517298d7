import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { debianProgram, probeProgram } from "../../environment/index.ts";

const directories = ["bin", "dev", "etc", "proc", "sys", "tmp"];

const applets = [
  ...[
    "cat",
    "chmod",
    "echo",
    "env",
    "false",
    "grep",
    "id",
    "kill",
    "ls",
    "mkdir",
    "mkfifo",
    "mount",
    "ps",
    "pwd",
  ],
  ...["rm", "seq", "sh", "sleep", "stty", "touch", "true", "tty", "umount", "wc"],
];

/** Makes the root file system of a bundle: a shell, some programs, and the probe. Nothing else, so that it is quick. */
export async function makeRootfs(path: string): Promise<void> {
  for (const name of directories) await mkdir(join(path, name), { recursive: true });
  await copyFile(debianProgram("busybox").path, join(path, "bin/busybox"));
  await copyFile(probeProgram().path, join(path, "bin/probe"));
  for (const name of applets) await symlink("busybox", join(path, "bin", name));
  await writeFile(
    join(path, "etc/passwd"),
    "root:x:0:0:root:/:/bin/sh\nuser:x:1000:100:user:/home/user:/bin/sh\n",
  );
  await writeFile(join(path, "etc/group"), "root:x:0:\nusers:x:100:\n");
}
