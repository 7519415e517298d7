import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import {
  buildImage,
  debianProgram,
  dockerArchive,
  requireRoot,
  startRegistry,
  startTug,
  type TugInstance,
} from "../environment/index.ts";

const server = debianProgram("docker-registry");
const docker = debianProgram("docker");
const skip = requireRoot() || server.skip;

const image = buildImage({
  layers: [
    { entries: [{ path: "a", content: "a".repeat(300_000) }] },
    { entries: [{ path: "b", content: "b" }] },
  ],
});

async function load(tug: TugInstance, ...names: string[]): Promise<void> {
  const loaded = await tug.tug(["load"], { input: dockerArchive({ "loaded:1": image }) });
  assert.equal(loaded.code, 0, loaded.stderr);
  for (const name of names) assert.equal((await tug.tug(["tag", "loaded:1", name])).code, 0);
}

/** The stock client before the engine. */
async function dockerOn(tug: TugInstance, args: readonly string[]) {
  const env = { HOME: tug.directory, DOCKER_HOST: `unix://${join(tug.run, "tug.sock")}` };
  const child = spawn(docker.path, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, stdout, stderr };
}

test("tug push sends an image, pulls it back, and mounts what the registry has elsewhere", {
  skip,
}, async () => {
  await using registry = await startRegistry();
  await using tug = await startTug();
  const [one, two] = [`${registry.host}/team/one:1`, `${registry.host}/team/two:1`];
  await load(tug, one, two);
  const first = await tug.tug(["push", one]);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /^The push refers to repository \[127\.0\.0\.1:\d+\/team\/one\]\n/);
  const digest = /^1: digest: (sha256:[0-9a-f]{64}) size: \d+$/m.exec(first.stdout)?.[1];
  const second = await tug.tug(["push", two]);
  assert.match(second.stdout, /: Mounted from team\/one\n/);
  const again = await tug.tug(["push", two]);
  assert.match(again.stdout, /: Layer already exists\n/);
  assert.equal((await tug.tug(["rmi", "-f", one, two, "loaded:1"])).code, 0);
  const pulled = await tug.tug(["pull", `${registry.host}/team/one@${digest}`]);
  assert.equal(pulled.code, 0, pulled.stderr);
  const missing = await tug.tug(["push", `${registry.host}/team/none:1`]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^tug: No such image: 127.*\/team\/none:1\n/);
});

test("the stock client pushes one tag or all, and shows the progress in its own words", {
  skip: skip || docker.skip,
}, async () => {
  await using registry = await startRegistry();
  await using tug = await startTug();
  const name = `${registry.host}/stock`;
  await load(tug, `${name}:1`, `${name}:2`);
  const one = await dockerOn(tug, ["push", `${name}:1`]);
  assert.equal(one.code, 0, one.stderr);
  assert.match(one.stdout, /: Pushed\n/);
  assert.match(one.stdout, /^1: digest: sha256:[0-9a-f]{64} size: \d+$/m);
  const all = await dockerOn(tug, ["push", "-a", name]);
  assert.match(all.stdout, /^1: digest: .*\n(.*\n)*2: digest: /m);
  const { tags } = (await (await fetch(`${registry.url}/v2/stock/tags/list`)).json()) as { tags: string[] };
  assert.deepEqual(tags.toSorted(), ["1", "2"]);
});
