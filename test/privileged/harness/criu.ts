import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { debianProgram } from "../../environment/index.ts";
import type { Container } from "./container.ts";
import { runtimeName, skip } from "./runtime.ts";

const criu = debianProgram("criu");

/** The flag that names criu; it stands before the command. */
export const withCriu: readonly string[] = ["--criu", criu.path];

/** Why tests that dump containers cannot run here, or false. */
export function lacksCriu(): string | false {
  if (skip) return skip;
  if (runtimeName !== "tug-oci") return `${runtimeName}: takes criu from PATH`;
  if (criu.skip) return criu.skip;
  const images = mkdtempSync(join(tmpdir(), "tug-criu-"));
  try {
    const options = { encoding: "utf8", timeout: 60_000, cwd: images } as const;
    const { status, stdout, stderr } = spawnSync("sh", ["-c", trial, "sh", criu.path], options);
    const reason = `${stdout}${stderr}`.trim().split("\n").at(-1);
    return status === 0 ? false : `criu cannot work on this machine: ${reason}`;
  } finally {
    rmSync(images, { recursive: true });
  }
}

/** A process is dumped and restored: on a kernel that is newer than it knows, criu may find itself fit and fail all the same. */
const trial = `
"$1" check || exit 1
setsid sleep 100 </dev/null >/dev/null 2>&1 &
until grep -q sleep /proc/$!/comm; do :; done
"$1" dump --tree $! || { kill -9 $!; exit 1; }
wait $!
"$1" restore --restore-detached --pidfile pid || exit 1
kill -9 "$(cat pid)"
`;

/** Whether criu and the kernel can do something, by criu's name for it. */
export function criuHas(feature: string): boolean {
  return spawnSync(criu.path, ["check", "--feature", feature], { timeout: 20_000 }).status === 0;
}

/** A program that prints a number, one more each time, which it keeps in its memory and in /tmp/n. */
export const counter = ["sh", "-c", "while :; do n=$((n+1)); echo $n >/tmp/n; echo $n; sleep 0.02; done"];

/** The directory that a test has dumps written to. */
export function imagesOf({ directory }: Container): string {
  return `${directory}/images`;
}

/** Dumps a container. */
export function dump(made: Container, ...flags: string[]) {
  return made.runtime([...withCriu, "checkpoint", "--image-path", imagesOf(made), ...flags, made.id]);
}

/** Restores it, in the background. */
export function restore(made: Container, ...flags: string[]) {
  return made.runtime([
    ...withCriu,
    "restore",
    "--detach",
    "--image-path",
    imagesOf(made),
    ...flags,
    made.id,
  ]);
}
