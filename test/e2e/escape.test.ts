import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  buildImage,
  busyboxEntries,
  type CommandResult,
  debianProgram,
  dockerArchive,
  requireRoot,
  startTug,
} from "../environment/index.ts";
import { cannotLink, type Guard, linkWithout } from "../escapes/harness/index.ts";
import { copyPackage, type PackageCopy } from "../front/package-copy.ts";

const skip = requireRoot() || debianProgram("busybox").skip;

/** Descriptors that processes of the engine may have open where a container begins. */
const descriptors = Array.from({ length: 14 }, (_, index) => index + 3);

/**
 * Whether a working directory that is a descriptor leads out of containers of an engine, by `run` and by `exec`.
 *
 * @param without guards that the engine's helper lacks
 */
async function leadsOut(without: readonly Guard[]): Promise<{ run: boolean; exec: boolean }> {
  await using instance = await startTug();
  const tug = await copyPackage(instance, "package");
  if (without.length > 0) linkWithout(without, tug.program);
  const archive = join(instance.directory, "image.tar");
  const secret = join(instance.directory, "secret");
  const image = buildImage({
    layers: [{ entries: busyboxEntries() }],
    config: { Env: ["PATH=/bin:/usr/bin"] },
  });
  writeFileSync(archive, dockerArchive({ "box:latest": image }));
  writeFileSync(secret, "the host's");
  await succeeds(tug, "load", "-i", archive);
  await succeeds(tug, "run", "-d", "--name", "box", "box", "sleep", "1000");
  const attempt = async (...words: string[]): Promise<boolean> => {
    for (const descriptor of descriptors) {
      const [command = "", ...rest] = words;
      const place = ["-w", `/proc/self/fd/${descriptor}`];
      const { stdout } = await tug.tug([command, ...place, ...rest, "cat", `..${secret}`]);
      if (stdout === "the host's") return true;
    }
    return false;
  };
  const result = { run: await attempt("run", "--rm", "box"), exec: await attempt("exec", "box") };
  await succeeds(tug, "rm", "-f", "box");
  return result;
}

async function succeeds(tug: PackageCopy, ...args: string[]): Promise<CommandResult> {
  const result = await tug.tug(args);
  assert.equal(result.code, 0, result.stderr);
  return result;
}

const unguarded: readonly Guard[] = ["guard_open", "guard_directory"];
const name = "CVE-2024-21626, the working directory of run and exec is a descriptor of the host";

test(`${name}: does not lead out`, { skip }, async () => {
  assert.deepEqual(await leadsOut([]), { run: false, exec: false });
});

test(`${name}: leads out without guard_open and guard_directory`, {
  skip: skip || cannotLink(unguarded),
}, async () => {
  assert.deepEqual(await leadsOut(unguarded), { run: true, exec: true });
});
