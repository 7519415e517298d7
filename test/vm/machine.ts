import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { cacheDirectory, checkout } from "../../tools/test/cache.ts";
import { findProgram, packageRoot } from "../../tools/test/debian/package-cache.ts";
import { findRootFilesystem } from "../../tools/test/debian/root-filesystem.ts";
import { Unavailable } from "../../tools/test/unavailable.ts";
import { probeProgram } from "../environment/index.ts";
import { type Base, prepareBase } from "./base-image.ts";
import { makeCheckoutImage } from "./checkout-image.ts";

export type MachineOptions = {
  /** Shell command that the machine runs in the checkout. */
  command: string;
  /** After how many milliseconds the machine is switched off. */
  timeout: number;
};

const memory = "3G";

/** Where the packages have what the emulated machine starts from. */
const firmware = ["usr/share/qemu", "usr/share/seabios"];

/**
 * Runs a command in a small virtual machine that has Debian's cloud kernel, cgroup v2 only, this checkout as it is now
 * and no network; prints what the command prints. The processor is emulated: /dev/kvm may be there and still not work.
 *
 * @returns the command's exit code
 * @throws Unavailable where a part of the machine cannot be had; Error where it did not come to an end
 */
export async function runInMachine(options: MachineOptions): Promise<number> {
  const packages = packageRoot("vm");
  const qemu = available(findProgram("qemu-system-x86_64"));
  const base = await prepareBase({
    packages,
    rootArchive: available(findRootFilesystem()),
    busybox: available(findProgram("busybox")),
  });
  await mkdir(join(cacheDirectory, "vm"), { recursive: true });
  const work = await mkdtemp(join(cacheDirectory, "vm", "run-"));
  try {
    const disk = join(work, "checkout");
    const sets = (["images", "runtimes", "terminal"] as const).map(packageRoot);
    const probe = probeProgram();
    const cached = [...sets, ...(probe.skip === false ? [probe.path] : [])].filter(existsSync);
    await makeCheckoutImage(disk, { cached, command: options.command, packages });
    await boot(qemu, machineArguments(base, { disk, work }), { work, timeout: options.timeout });
    return await readStatus(work);
  } finally {
    await rm(work, { recursive: true });
  }
}

function available(found: { path: string } | { missing: string }): string {
  if ("missing" in found) throw new Unavailable(found.missing);
  return found.path;
}

function machineArguments(base: Base, run: { disk: string; work: string }): string[] {
  const kernelArguments = [
    "console=ttyS0 panic=-1 loglevel=5",
    "root=/dev/nvme0n1 rootfstype=ext4 rw init=/usr/sbin/test-init",
    `cgroup_no_v1=all tug.checkout=${checkout}`,
  ].join(" ");
  return [
    ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"],
    ["-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-m", memory],
    ["-smp", String(availableParallelism())],
    firmware.flatMap((path) => ["-L", join(packageRoot("vm"), path)]),
    ["-kernel", base.kernel, "-append", kernelArguments],
    ["-device", "nvme,id=disks,serial=test"],
    disk({ name: "root", file: base.disk, namespace: 1 }),
    disk({ name: "checkout", file: run.disk, namespace: 2 }),
    ["-serial", `file:${join(run.work, "console")}`],
    ["-device", "virtio-serial-pci"],
    ["-chardev", "stdio,id=output,signal=off", "-device", "virtserialport,chardev=output,name=tug.output"],
    ["-chardev", `file,id=status,path=${join(run.work, "status")}`],
    ["-device", "virtserialport,chardev=status,name=tug.status"],
  ].flat();
}

/** A disk of the one NVMe controller, which fixes its name to nvme0nNAMESPACE; what is written to it is dropped. */
function disk(of: { name: string; file: string; namespace: number }): string[] {
  return [
    ["-drive", `file=${of.file},if=none,id=${of.name},format=raw,snapshot=on`],
    ["-device", `nvme-ns,bus=disks,drive=${of.name},nsid=${of.namespace}`],
  ].flat();
}

/** Runs the machine until it powers off. The machine dies with this process. */
async function boot(
  qemu: string,
  args: readonly string[],
  options: { work: string; timeout: number },
): Promise<void> {
  const machine = spawn("setpriv", ["--pdeathsig", "KILL", "--", qemu, ...args], {
    // An input that never ends: at its end the port would close, and the command block on its output.
    stdio: ["pipe", "inherit", "inherit"],
    env: { ...process.env, TMPDIR: options.work },
  });
  const tooLong = setTimeout(() => machine.kill("SIGKILL"), options.timeout);
  const code = await new Promise<number | null>((resolve, reject) => {
    machine.once("error", reject);
    machine.once("close", resolve);
  });
  clearTimeout(tooLong);
  if (code === 0) return;
  const how = code === null ? `was still running after ${options.timeout / 1000} s` : `ended with ${code}`;
  throw await machineError(options.work, how);
}

async function readStatus(work: string): Promise<number> {
  const status = await readFile(join(work, "status"), "utf8");
  if (!/^\d+\n$/.test(status)) throw await machineError(work, "stopped before the command ended");
  return Number(status);
}

async function machineError(work: string, how: string): Promise<Error> {
  const console = await readFile(join(work, "console"), "utf8").catch(() => "");
  return new Error(`cannot finish in the test machine: it ${how}; its console:\n${console.slice(-4000)}`);
}
