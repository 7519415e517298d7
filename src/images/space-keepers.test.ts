import assert from "node:assert/strict";
import { test } from "node:test";
import { mediaTypes } from "../specs/index.ts";
import { sampleImage } from "./testing/sample-image.ts";
import { serveTestRegistry } from "./testing/serve-registry.ts";

test("what is kept is counted for all that keep it, and for none alone that share it", async () => {
  await using registry = await serveTestRegistry({ name: "localhost:5000" });
  const { images } = registry.test;
  const shared = { shared: "s".repeat(5000) };
  const [one, two] = [{ one: "1" }, { two: "2" }].map((own) => sampleImage({ layers: [shared, own] }));
  assert.ok(one !== undefined && two !== undefined);
  await registry.pushImage("a", one, "1");
  await registry.pushImage("a", two, "2");
  const [base, ...others] = one.manifest.layers;
  const own = [one.manifest.config, ...others].reduce((sum, { size }) => sum + size, 0);
  const manifest = JSON.stringify(one.manifest).length;
  const find = async (kind: string, name = "") => {
    const found = (await images.keepers()).find(
      (each) => each.kind === kind && each.names.join().includes(name),
    );
    return found && [found.blobBytes, found.layerBytes > 0, found.aloneBytes - found.layerBytes];
  };
  assert.deepEqual(await find("image", "/a:1"), [own + manifest + (base?.size ?? 0), false, own + manifest]);
  assert.equal(await find("nothing"), undefined);
  await registry.pushBlob("b", Buffer.from("a blob"));
  assert.deepEqual(await find("repository", "/b"), [6, false, 6]);
  const blob = Buffer.from("{}");
  const config = {
    mediaType: mediaTypes.empty,
    digest: await registry.pushBlob("c", blob),
    size: blob.length,
  };
  const artifact = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [config] };
  await registry.pushDocument("c", artifact);
  const size = JSON.stringify(artifact).length + 2;
  assert.deepEqual(await find("repository", "/c"), [size, false, size]);
});

test("what containers stand on is told from what is kept for nothing", async () => {
  await using registry = await serveTestRegistry({ name: "localhost:5000" });
  const { images } = registry.test;
  const digest = await registry.pushImage("a", sampleImage(), "1");
  const { chainIds } = await images.resolve("localhost:5000/a:1");
  await images.prepareContainerSnapshot("container", chainIds.at(-1), { manifests: [digest] });
  const kinds = async () => (await images.keepers()).map(({ kind }) => kind);
  assert.deepEqual(await kinds(), ["image"]);
  await registry.call("DELETE", `/v2/a/manifests/${digest}`);
  assert.deepEqual(await kinds(), ["use"]);
  await images.removeContainerSnapshot("container");
  assert.deepEqual(await kinds(), ["nothing"]);
  await images.collectGarbage();
  assert.deepEqual(await kinds(), []);
});
