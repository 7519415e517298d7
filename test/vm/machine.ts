import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
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
  /** The security module that labels processes; a kernel has one of them. */
  module: "apparmor" | "selinux";
};

const memory = "3G";

/** Where the packages have what the emulated machine starts from. */
const firmware = ["usr/share/qemu", "usr/share/seabios"];

/** Packages that tests in a machine need; it fetches nothing itself. */
const cachedSets = [
  ...(["checkpoints", "images", "podman", "runtimes", "selinux"] as const),
  ...(["system", "systemd", "terminal", "users"] as const),
];

/** All that a machine is made from, but for the checkout. */
export type MachineParts = { readonly qemu: string; readonly packages: string; readonly base: Base };

/**
 * Makes what machines share, where the cache lacks it. One process at a time may do so.
 *
 * @throws Unavailable where a part cannot be had
 */
export async function prepareMachine(): Promise<MachineParts> {
  const packages = packageRoot("vm");
  const qemu = available(findProgram("qemu-system-x86_64"));
  const rootArchive = available(findRootFilesystem());
  const busybox = available(findProgram("busybox"));
  return { qemu, packages, base: await prepareBase({ packages, rootArchive, busybox }) };
}

/**
 * Runs a command in a small virtual machine that has Debian's cloud kernel, cgroup v2 only, this checkout as it is now
 * and no network; prints what the command prints. The processor is emulated: /dev/kvm may be there and still not work.
 *
 * @returns the command's exit code
 * @throws Error where the machine did not come to an end
 */
export async function runInMachine(parts: MachineParts, options: MachineOptions): Promise<number> {
  const work = await mkdtemp(join(cacheDirectory, "vm", "run-"));
  try {
    const disk = join(work, "checkout");
    const sets = cachedSets.map(packageRoot);
    const probe = probeProgram();
    const cached = [...sets, ...(probe.skip === false ? [probe.path] : [])].filter(existsSync);
    await makeCheckoutImage(disk, { cached, command: options.command, packages: parts.packages });
    await boot(parts.qemu, machineArguments(parts.base, { disk, work, module: options.module }), {
      work,
      timeout: options.timeout,
    });
    return await readStatus(work);
  } finally {
    await rm(work, { recursive: true });
  }
}

function available(found: { path: string } | { missing: string }): string {
  if ("missing" in found) throw new Unavailable(found.missing);
  return found.path;
}

function machineArguments(base: Base, run: { disk: string; work: string; module: string }): string[] {
  const kernelArguments = [
    "console=ttyS0 panic=-1 loglevel=5",
    "root=/dev/nvme0n1 rootfstype=ext4 rw init=/usr/sbin/test-init",
    `cgroup_no_v1=all security=${run.module} tug.checkout=${checkout}`,
  ].join(" ");
  return [
    ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"],
    ["-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-m", memory],
    ["-smp", String(availableParallelism())],
    firmware.flatMap((path) => ["-L", join(packageRoot("vm"), path)]),
    ["-kernel", base.kernel, "-append", kernelArguments],
    // Of different kinds, because the order in which the kernel finds two of a kind is not fixed.
    disk("root", base.disk, "nvme,serial=root"),
    disk("checkout", run.disk, "virtio-blk-pci"),
    ["-serial", `file:${join(run.work, "console")}`],
    ["-device", "virtio-serial-pci"],
    ["-chardev", "stdio,id=output,signal=off", "-device", "virtserialport,chardev=output,name=tug.output"],
    ["-chardev", `file,id=status,path=${join(run.work, "status")}`],
    ["-device", "virtserialport,chardev=status,name=tug.status"],
  ].flat();
}

/** A disk; what the machine writes to it is dropped. */
function disk(name: string, file: string, device: string): string[] {
  return [
    ["-drive", `file=${file},if=none,id=${name},format=raw,snapshot=on`],
    ["-device", `${device},drive=${name}`],
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
