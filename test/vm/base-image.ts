import { existsSync } from "node:fs";
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { cacheEntry, removeOlderEntries } from "../../tools/test/cache.ts";
import { outputOf } from "../../tools/test/command.ts";
import { makeExt4Image } from "./ext4-image.ts";

/** What a test machine boots from. */
export type Base = {
  /** Path of the kernel image. */
  readonly kernel: string;
  /** Path of the root filesystem's ext4 image; machines share it and none writes to it. */
  readonly disk: string;
};

/** What a base is made from. */
export type BaseParts = {
  /** Directory of the unpacked packages that hold the kernel and mke2fs. */
  readonly packages: string;
  /** tar archive of Debian's root filesystem. */
  readonly rootArchive: string;
  /** The static busybox; it is what the root filesystem lacks: modprobe and ip. */
  readonly busybox: string;
};

const init = join(import.meta.dirname, "init");

/** Bytes of the root disk. What is never written takes no space. */
const diskSize = 8 * 1024 ** 3;

/**
 * Debian's cloud kernel, and a root filesystem of Debian, that kernel's modules and our process 1. The kernel has the
 * drivers of the disk (NVMe) and of its filesystem built in, so there is no initramfs.
 */
export async function prepareBase(parts: BaseParts): Promise<Base> {
  const boot = join(parts.packages, "boot");
  const kernel = (await readdir(boot)).find((name) => name.startsWith("vmlinuz-"));
  if (kernel === undefined) throw new Error(`cannot boot a test machine: no kernel in ${boot}`);
  const disk = cacheEntry("vm/base", { recipe: 1, parts, diskSize, init: await readFile(init, "utf8") });
  if (!existsSync(disk)) await makeDisk(disk, kernel.slice("vmlinuz-".length), parts);
  return { kernel: join(boot, kernel), disk };
}

async function makeDisk(disk: string, kernelRelease: string, parts: BaseParts): Promise<void> {
  const work = `${disk}.partial`;
  const root = join(work, "root");
  removeOlderEntries(disk);
  await mkdir(root, { recursive: true });
  await outputOf("tar", ["--directory", root, "--extract", "--numeric-owner", "--file", parts.rootArchive]);

  const modules = join("usr/lib/modules", kernelRelease);
  await cp(join(parts.packages, modules), join(root, modules), { recursive: true });
  await outputOf(parts.busybox, ["depmod", "-b", root, kernelRelease]);
  await copyFile(parts.busybox, join(root, "usr/bin/busybox"));
  await symlink("../bin/busybox", join(root, "usr/sbin/modprobe"));
  await copyFile(init, join(root, "usr/sbin/test-init"));
  await chmod(join(root, "usr/sbin/test-init"), 0o755);
  await writeFile(join(root, "etc/hosts"), "127.0.0.1 localhost\n::1 localhost\n");

  await makeExt4Image(join(work, "disk"), { directory: root, packages: parts.packages, bytes: diskSize });
  await rename(join(work, "disk"), disk);
  await rm(work, { recursive: true });
}
