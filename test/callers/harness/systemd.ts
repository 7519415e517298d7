import { mkdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { debianProgram, startProcess } from "../../environment/index.ts";
import { until } from "../../privileged/harness/until.ts";
import { type Program, program } from "./program.ts";

const systemctl = debianProgram("systemctl");

/** A systemd of a test's own as process 1 of a process namespace. It ends with its scope, and all in there with it. */
export type Systemd = AsyncDisposable & {
  readonly systemctl: Program;
  /** What goes before a command that is to be in there. */
  readonly within: readonly string[];
  /** Any program in there, seeing its processes, and control groups v2 alone. */
  inside(command: readonly string[], env?: Readonly<Record<string, string>>): Program;
};

/** Why there can be no systemd, or false. */
export function needsSystemd(): string | false {
  return systemctl.skip;
}

/** Starts systemd with what it writes below a directory. */
export async function startSystemd(directory: string): Promise<Systemd> {
  const packages = resolve(dirname(systemctl.path), "../..");
  const place = join(directory, "systemd");
  await mkdir(place);
  const boot = join(import.meta.dirname, "boot-systemd.sh");
  const namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const daemon = startProcess("unshare", [...namespaces, "--", boot, packages, place]);
  const pid = await until(
    () => `systemd starts: ${daemon.stderr()}`,
    async () => childOf(daemon.child.pid ?? 0),
  );
  const within = ["nsenter", "--target", String(pid), "--mount", "--pid", "--"];
  const inside: Systemd["inside"] = (command, env = {}) =>
    program([...within, ...command], { env, cwd: directory });
  const libraries = join(packages, "usr/lib", process.arch === "x64" ? "x86_64" : "aarch64");
  const ctl = inside([systemctl.path, "--no-pager"], {
    LD_LIBRARY_PATH: `${libraries}-linux-gnu/systemd`,
    // Its root is not that of process 1.
    SYSTEMD_IGNORE_CHROOT: "1",
  });
  await until(
    () => `systemd is up: ${daemon.stderr()}`,
    async () => /running|degraded/.test((await ctl.run(["is-system-running"])).stdout),
  );
  return { systemctl: ctl, within, inside, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
}

async function childOf(parent: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${parent}/task/${parent}/children`, "utf8");
  const pid = Number(text.trim());
  return pid > 0 ? pid : undefined;
}
