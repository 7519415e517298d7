import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256 } from "../base/index.ts";
import { openLayoutStore } from "./content/layout-store.ts";
import { storeBlob } from "./fetch-blob.ts";

it("puts a blob into the store only after what has to come before", async () => {
  const root = await mkdtemp(join(tmpdir(), "tug-content-"));
  try {
    const content = await openLayoutStore(root);
    const data = Buffer.from("some data");
    const expected = { digest: sha256(data), size: data.length };
    const recorded = Promise.withResolvers<void>();
    const taken = Promise.withResolvers<void>();
    const source = async function* () {
      yield data;
      taken.resolve();
    };
    const stored = storeBlob(expected, { content, source, durable: false, after: recorded.promise });
    await taken.promise;
    await sleep(20);
    assert.equal(await content.size(expected.digest), undefined);
    recorded.resolve();
    await stored;
    assert.equal(await content.size(expected.digest), data.length);
    await content.delete(expected.digest);
    const failed = Promise.reject(new Error("no disk"));
    failed.catch(() => undefined);
    await assert.rejects(storeBlob(expected, { content, source, after: failed }), /no disk/);
    assert.equal(await content.size(expected.digest), undefined);
  } finally {
    await rm(root, { recursive: true });
  }
});
