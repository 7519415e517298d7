import assert from "node:assert/strict";
import { mkdtemp, open, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { sha256, splitDigest } from "../../base/index.ts";
import { contentStoreContract } from "./content-store.contract.ts";
import { openLayoutStore } from "./layout-store.ts";

const data = new TextEncoder().encode("some data");
const expected = { digest: sha256(data), size: data.length };

async function directory() {
  const path = await mkdtemp(join(tmpdir(), "tug-content-"));
  return { path, dispose: () => rm(path, { recursive: true }) };
}

contentStoreContract("layout store", async () => {
  const { path, dispose } = await directory();
  return { store: await openLayoutStore(path), reopen: () => openLayoutStore(path), dispose };
});

describe("layout store", () => {
  let root: string;
  let dispose: () => Promise<void>;
  beforeEach(async () => {
    ({ path: root, dispose } = await directory());
  });
  afterEach(() => dispose());

  it("is an OCI image layout", async () => {
    const store = await openLayoutStore(root);
    await using ingest = await store.ingest();
    await ingest.write(data);
    const { digest, size } = await ingest.commit();
    await store.publish([{ mediaType: "application/example", digest, size }]);
    const json = async (name: string) => JSON.parse(await readFile(join(root, name), "utf8"));
    assert.deepEqual(await json("oci-layout"), { imageLayoutVersion: "1.0.0" });
    assert.deepEqual((await json("index.json")).manifests, [
      { mediaType: "application/example", digest, size },
    ]);
    assert.deepEqual(await readFile(join(root, "blobs/sha256", splitDigest(digest).hex)), Buffer.from(data));
  });

  it("keeps the index of a layout that it opens again", async () => {
    const store = await openLayoutStore(root);
    await store.publish([{ mediaType: "application/example", ...expected }]);
    await openLayoutStore(root);
    assert.match(await readFile(join(root, "index.json"), "utf8"), /application\/example/);
  });

  it("refuses a layout of another version", async () => {
    await writeFile(join(root, "oci-layout"), '{"imageLayoutVersion": "9.0.0"}');
    await assert.rejects(openLayoutStore(root), { code: "OCI_IMAGE_UNSUPPORTED" });
  });

  it("cleans up at open what no attempt can continue", async () => {
    await openLayoutStore(root);
    const old = join(root, "ingest", expected.digest.replace(":", "-"));
    const recent = `sha256-${"0".repeat(64)}`;
    await writeFile(old, "x");
    await utimes(old, 1000, 1000);
    await writeFile(join(root, "ingest", recent), "x");
    await writeFile(join(root, "ingest", "anonymous-1"), "x");
    await openLayoutStore(root);
    assert.deepEqual(await readdir(join(root, "ingest")), [recent]);
  });

  it("says that the disk is full and gives the room back", async () => {
    const openFile: typeof open = async (...args) => {
      const file = await open(...args);
      file.write = () => Promise.reject(Object.assign(new Error("write"), { code: "ENOSPC" }));
      return file;
    };
    const store = await openLayoutStore(root, { openFile });
    {
      await using ingest = await store.ingest(expected);
      assert.ok(ingest);
      await ingest.write(data);
      await assert.rejects(ingest.commit(), { code: "IMAGE_STORAGE_FULL", kind: "exhausted" });
    }
    assert.deepEqual(await readdir(join(root, "ingest")), []);
    {
      await using ingest = await store.ingest(expected);
      await ingest?.write(data);
    }
    assert.deepEqual(await readdir(join(root, "ingest")), [], "nobody asked");
  });

  it("says so when a stored blob was damaged", async () => {
    const store = await openLayoutStore(root);
    await using ingest = await store.ingest();
    await ingest.write(data);
    const { digest } = await ingest.commit();
    await writeFile(join(root, "blobs/sha256", splitDigest(digest).hex), "some dot");
    await assert.rejects(store.load(digest, 100), { code: "IMAGE_CONTENT_CORRUPT", kind: "dataLoss" });
  });
});
