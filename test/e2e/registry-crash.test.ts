import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type BuiltImage,
  buildImage,
  buildIndex,
  pushImage,
  requireRoot,
  serveTugRegistry,
  startTug,
} from "../environment/index.ts";

const rounds = 4;

/** A layer that all images have, and one of its own. */
function freshImage(architecture?: string): BuiltImage {
  const own = randomBytes(50_000).toString("hex");
  return buildImage({
    layers: [
      { entries: [{ path: "shared", content: "s".repeat(100_000) }] },
      { entries: [{ path: "own", content: own }], compression: "none" },
    ],
    ...(architecture !== undefined && { architecture }),
  });
}

/** Pushes images and indexes under few tags, and deletes some, until the registry is gone. */
async function pushOnAndOn(url: string, repository: string): Promise<void> {
  for (let count = 0; ; count += 1) {
    const image = count % 2 === 0 ? freshImage() : buildIndex([freshImage(), freshImage("arm64")]);
    try {
      await pushImage(url, `${repository}:t${count % 4}`, { image, headers: {} });
      if (count % 5 === 4) await fetch(`${url}/v2/${repository}/manifests/t0`, { method: "DELETE" });
    } catch {
      return;
    }
  }
}

/** Fetches all that a tag stands for, and says what is not as it should be. */
async function findBroken(url: string, repository: string, reference: string): Promise<string[]> {
  const answer = await fetch(`${url}/v2/${repository}/manifests/${reference}`);
  if (answer.status !== 200) return [`${repository}:${reference}: ${answer.status}`];
  const {
    config,
    layers,
    manifests = [],
  } = (await answer.json()) as {
    config?: { digest: string; size: number };
    layers?: { digest: string; size: number }[];
    manifests?: { digest: string }[];
  };
  const broken: string[] = [];
  for (const { digest } of manifests) broken.push(...(await findBroken(url, repository, digest)));
  for (const { digest, size } of config === undefined ? [] : [config, ...(layers ?? [])]) {
    const blob = await fetch(`${url}/v2/${repository}/blobs/${digest}`);
    const { byteLength } = await blob.arrayBuffer();
    if (blob.status !== 200 || byteLength !== size) broken.push(`${repository}@${digest}: ${blob.status}`);
  }
  return broken;
}

test("whatever is being pushed when the engine is killed, what has a tag is whole and the store is sound", {
  skip: requireRoot(),
}, async () => {
  await using tug = await startTug();
  for (let round = 0; round < rounds; round += 1) {
    await using registry = await serveTugRegistry(tug, ["--name", "localhost:5000"]);
    const pushes = ["a", "b", "a"].map((repository) => pushOnAndOn(registry.url, repository));
    await sleep(200 + Math.random() * 800);
    await tug.stopEngine("SIGKILL");
    await Promise.all(pushes);
  }
  await using registry = await serveTugRegistry(tug, ["--name", "localhost:5000"]);
  const ask = async (path: string) => await (await fetch(`${registry.url}/v2/${path}`)).json();
  const { repositories } = (await ask("_catalog")) as { repositories: string[] };
  const broken: string[] = [];
  for (const repository of repositories) {
    const { tags } = (await ask(`${repository}/tags/list`)) as { tags: string[] };
    for (const tag of tags) broken.push(...(await findBroken(registry.url, repository, tag)));
  }
  assert.deepEqual(broken, []);
  const check = await tug.tug(["system", "check"]);
  assert.match(check.stdout, /: nothing is wrong/, check.stdout);
});
