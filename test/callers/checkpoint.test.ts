import assert from "node:assert/strict";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { boxImage, needsBox } from "../e2e/harness/index.ts";
import { debianProgram, dockerArchive, ociArchive } from "../environment/index.ts";
import { lacksCriu } from "../privileged/harness/index.ts";
import {
  aloneRuntime,
  needsContainerd,
  needsDockerd,
  needsPodman,
  type OciRuntime,
  onOwnMachine,
  openPodman,
  startContainerd,
  startDockerd,
  until,
} from "./harness/index.ts";

/** Counts in its memory, and shows it by its output and in a file. */
const COUNT = ["sh", "-c", "while :; do n=$((n+1)); echo $n; echo $n >/n; sleep 0.05; done"] as const;

onOwnMachine(import.meta.filename, needsBox() || lacksCriu(), () => {
  test("containerd checkpoints a task and restores it", { skip: needsContainerd() }, inContainerd);
  test("Docker checkpoints a container and starts it from there", { skip: needsDockerd() }, inDocker);
  test(
    "podman checkpoints a container and restores it, from an archive too",
    { skip: needsPodman() },
    inPodman,
  );
});

/** A runtime whose callers, and who is called by them, find criu on PATH. */
async function runtimeWithCriu(): Promise<OciRuntime & { readonly directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), "t-"));
  const runtime = await aloneRuntime(directory);
  const folders = [join(directory, "bin"), dirname(debianProgram("criu").path), process.env.PATH];
  return { ...runtime, env: { ...runtime.env, PATH: folders.join(":") }, directory };
}

async function inContainerd(): Promise<void> {
  await using runtime = await runtimeWithCriu();
  const { directory, env } = runtime;
  await using containerd = await startContainerd(directory, { env });
  const { ctr } = containerd;
  const [box, dumped] = ["docker.io/library/box:latest", "docker.io/library/count:dump"];
  const archive = join(directory, "box.tar");
  await writeFile(archive, ociArchive({ [box]: boxImage() }));
  await ctr.ok(["images", "import", archive]);
  const count = async (): Promise<number> =>
    Number((await ctr.run(["tasks", "exec", "--exec-id", "look", "count", "cat", "/n"])).stdout);
  const end = async (): Promise<void> => {
    await ctr.ok(["tasks", "kill", "--signal", "KILL", "count"]);
    await until("it has stopped", async () => (await ctr.ok(["tasks", "ls"])).includes("STOPPED"));
    await ctr.ok(["tasks", "delete", "count"]);
    await ctr.ok(["containers", "delete", "count"]);
  };
  await ctr.ok(["run", "--detach", "--runc-binary", runtime.path, box, "count", ...COUNT]);
  const least = await until("it counts", async () => (await count()) > 20 && (await count()));
  await ctr.ok(["containers", "checkpoint", "--task", "--rw", "--image", "count", dumped]);
  await end();
  await ctr.ok(["containers", "restore", "--rw", "--live", "count", dumped]);
  // What began anew would take a second to come so far, and has its file with the old number until it counts.
  await until("it counts on", async () => (await count()) > least);
  await end();
}

async function inDocker(): Promise<void> {
  await using runtime = await runtimeWithCriu();
  const { directory } = runtime;
  await using dockerd = await startDockerd(directory, runtime, ["--experimental"]);
  const { docker } = dockerd;
  const archive = join(directory, "box.tar");
  await writeFile(archive, dockerArchive({ "box:latest": boxImage({ format: "docker" }) }));
  await docker.ok(["load", "--quiet", "--input", archive]);
  const flags = ["--detach", "--runtime", "tug", "--network", "none", "--name", "count"];
  await docker.ok(["run", ...flags, "box", ...COUNT]);
  const logs = async (): Promise<number[]> => (await docker.ok(["logs", "count"])).split("\n").map(Number);
  await until("it counts", async () => (await logs()).length > 2);
  await docker.ok(["checkpoint", "create", "count", "first"]);
  const { length } = await logs();
  // dockerd stores the same checkpoint a second time, which its containerd refuses until it has collected the first.
  // Source: https://github.com/moby/moby/issues/42900
  await until("the checkpoint is not stored any more", async () => {
    const { code, stderr } = await docker.run(["start", "--checkpoint", "first", "count"]);
    if (/^Error .*: content sha256:[0-9a-f]{64}: already exists$/m.test(stderr)) return false;
    assert.equal(code, 0, stderr);
    return true;
  });
  await until("it counts on", async () => (await logs()).length > length + 1);
  checkCount(await logs());
  await docker.ok(["rm", "--force", "count"]);
}

async function inPodman(): Promise<void> {
  await using runtime = await runtimeWithCriu();
  const { directory } = runtime;
  const { podman } = await openPodman(directory, runtime);
  const archive = join(directory, "box.tar");
  await writeFile(archive, dockerArchive({ "box:latest": boxImage({ format: "docker" }) }));
  await podman.ok(["load", "--quiet", "--input", archive]);
  await podman.ok(["run", "--detach", "--name", "count", "--network", "none", "box", ...COUNT]);
  const logs = async (): Promise<number[]> =>
    (await podman.ok(["logs", "count"])).trim().split("\n").map(Number);
  try {
    await until("it counts", async () => (await logs()).length > 2);
    await podman.ok(["container", "checkpoint", "count"]);
    const { length } = await logs();
    await podman.ok(["container", "restore", "count"]);
    await until("it counts on", async () => (await logs()).length > length + 1);
    checkCount(await logs());
    const moved = join(directory, "moved.tar.gz");
    await podman.ok(["container", "checkpoint", "--export", moved, "--compress", "gzip", "count"]);
    const last = (await logs()).at(-1) ?? 0;
    await podman.ok(["rm", "count"]);
    await podman.ok(["container", "restore", "--import", moved]);
    await until("it counts on from the archive", async () => ((await logs()).at(-1) ?? 0) > last);
    // What began anew would have said it again.
    assert.ok((await logs()).filter((number) => number === 1).length < 2);
  } finally {
    await podman.run(["rm", "--force", "--time", "0", "count"]);
  }
}

/** A program that went on where it was has left no number out and said none twice. */
function checkCount(numbers: readonly number[]): void {
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
  );
}
