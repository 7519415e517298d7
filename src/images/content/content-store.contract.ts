import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type Digest, sha256 } from "../../base/index.ts";
import { collect, collectText } from "../testing/collect.ts";
import type { Blob, ContentStore, Ingest } from "./content-store.ts";

/** A store for one test, the way to open it once more as after a restart, and the way to get rid of it. */
export type ContentStoreUnderTest = {
  store: ContentStore;
  reopen(): Promise<ContentStore>;
  dispose(): Promise<void>;
};

const encoder = new TextEncoder();
const hello = encoder.encode("hello, blob");
const expected = { digest: sha256(hello), size: hello.length };
const other = { digest: sha256("other"), size: 5 };

async function put(store: ContentStore, data: Uint8Array): Promise<Blob> {
  await using ingest = await store.ingest();
  await ingest.write(data);
  return await ingest.commit();
}

async function begin(store: ContentStore, what = expected): Promise<Ingest> {
  const ingest = await store.ingest(what);
  assert.ok(ingest);
  return ingest;
}

/** What every content store promises. */
export function contentStoreContract(name: string, make: () => Promise<ContentStoreUnderTest>): void {
  describe(`${name} as a content store`, () => {
    let subject: ContentStoreUnderTest;
    let store: ContentStore;
    beforeEach(async () => {
      subject = await make();
      store = subject.store;
    });
    afterEach(() => subject.dispose());

    it("gives back what was put in, whole and from an offset", async () => {
      assert.deepEqual(await put(store, hello), expected);
      assert.equal(await store.size(expected.digest), hello.length);
      assert.equal(await collectText(store.read(expected.digest)), "hello, blob");
      assert.equal(await collectText(store.read(expected.digest, { offset: 7 })), "blob");
      assert.equal(await collectText(store.read(expected.digest, { offset: 7, end: 9 })), "bl");
      assert.deepEqual(Buffer.from(await store.load(expected.digest, 100)), Buffer.from(hello));
    });

    it("survives a restart", async () => {
      await put(store, hello);
      store = await subject.reopen();
      assert.equal(await collectText(store.read(expected.digest)), "hello, blob");
    });

    it("takes a blob whose digest is told when its bytes are there", async () => {
      const digest = `sha512:${createHash("sha512").update(hello).digest("hex")}` as Digest;
      await using ingest = await store.ingest();
      await ingest.write(hello.subarray(0, 5));
      await ingest.expect({ digest });
      await ingest.write(hello.subarray(5));
      assert.deepEqual(await ingest.commit(), { digest, size: hello.length });
      assert.equal(await collectText(store.read(digest)), "hello, blob");
      await using wrong = await store.ingest();
      await wrong.write(hello.subarray(1));
      await wrong.expect(expected);
      await assert.rejects(wrong.commit(), { code: "IMAGE_CONTENT_SIZE" });
    });

    it("takes an empty blob", async () => {
      const empty = await put(store, new Uint8Array());
      assert.equal(await collectText(store.read(empty.digest)), "");
    });

    it("checks sha512 digests with sha512", async () => {
      const digest =
        "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";
      await using ingest = await begin(store, { digest: digest as typeof other.digest, size: 0 });
      assert.equal((await ingest.commit()).digest, digest);
    });

    it("does not have what was never there", async () => {
      assert.equal(await store.size(other.digest), undefined);
      const missing = { code: "IMAGE_CONTENT_NOT_FOUND", kind: "notFound" };
      await assert.rejects(collectText(store.read(other.digest)), missing);
      await assert.rejects(store.load(other.digest, 10), missing);
      assert.equal(await store.delete(other.digest), false);
    });

    it("refuses to load more than the caller takes", async () => {
      await put(store, hello);
      await assert.rejects(store.load(expected.digest, 10), { code: "IMAGE_CONTENT_SIZE" });
    });

    it("shows nothing of a blob before it is committed", async () => {
      await using ingest = await begin(store);
      await ingest.write(hello);
      assert.equal(await store.size(expected.digest), undefined);
      await ingest.commit();
      assert.equal(await store.size(expected.digest), hello.length);
    });

    it("announces a blob before it can be seen", async () => {
      await using ingest = await store.ingest();
      await ingest.write(hello);
      const announced: (Blob | number | undefined)[] = [];
      await ingest.commit(async (blob) => void announced.push(blob, await store.size(blob.digest)));
      assert.deepEqual(announced, [expected, undefined]);
    });

    it("starts again when more is kept than there should be", async () => {
      {
        await using ingest = await begin(store, { digest: expected.digest, size: 100 });
        await ingest.write(encoder.encode("more than there should be"));
      }
      await using ingest = await begin(store);
      assert.equal(ingest.offset, 0);
    });

    it("refuses bytes with another digest and keeps nothing of them", async () => {
      {
        await using ingest = await begin(store, { ...expected, size: 5 });
        await ingest.write(encoder.encode("wrong"));
        await assert.rejects(ingest.commit(), { code: "IMAGE_CONTENT_DIGEST", kind: "dataLoss" });
      }
      await using again = await begin(store);
      assert.equal(again.offset, 0);
    });

    it("refuses too many bytes as they come, and too few", async () => {
      {
        await using ingest = await begin(store, { ...expected, size: 5 });
        await assert.rejects(ingest.write(hello), { code: "IMAGE_CONTENT_SIZE" });
      }
      await using ingest = await begin(store);
      await ingest.write(hello.subarray(0, 3));
      await assert.rejects(ingest.commit(), { code: "IMAGE_CONTENT_SIZE" });
    });

    it("needs no ingest for a blob that is there, and notices a wrong size", async () => {
      await put(store, hello);
      assert.equal(await store.ingest(expected), undefined);
      await assert.rejects(store.ingest({ ...expected, size: 3 }), { code: "IMAGE_CONTENT_SIZE" });
    });

    it("continues an ingest that ended early, also after a restart", async () => {
      {
        await using ingest = await begin(store);
        await ingest.write(hello.subarray(0, 4));
      }
      store = await subject.reopen();
      await using ingest = await begin(store);
      assert.equal(ingest.offset, 4);
      assert.equal(await collectText(ingest.kept()), "hell");
      await ingest.write(hello.subarray(4));
      await ingest.commit();
      assert.equal(await collectText(store.read(expected.digest)), "hello, blob");
    });

    it("forgets a discarded ingest", async () => {
      {
        await using ingest = await begin(store);
        await ingest.write(hello);
        await ingest.discard();
      }
      await using ingest = await begin(store);
      assert.equal(ingest.offset, 0);
    });

    it("gives one digest to one ingest at a time; the next one finds the blob", async () => {
      const first = await begin(store);
      let waited = false;
      const second = store.ingest(expected).then((ingest) => {
        assert.ok(waited);
        return ingest;
      });
      await using unrelated = await begin(store, other);
      assert.equal(unrelated.offset, 0);
      await first.write(hello);
      await first.commit();
      waited = true;
      await first[Symbol.asyncDispose]();
      assert.equal(await second, undefined);
    });

    it("lets a waiter give up without harm to the others", async () => {
      const first = await begin(store);
      const abort = new AbortController();
      const second = store.ingest(expected, abort.signal);
      const third = store.ingest(expected);
      abort.abort(new Error("enough"));
      await assert.rejects(second, /enough/);
      await first[Symbol.asyncDispose]();
      await using ingest = await third;
      assert.ok(ingest);
    });

    it("lets a reader finish whose blob is deleted", async () => {
      await put(store, hello);
      const reader = store.read(expected.digest)[Symbol.asyncIterator]();
      const { value } = await reader.next();
      assert.equal(await store.delete(expected.digest), true);
      assert.equal(Buffer.from(value).toString(), "hello, blob");
      assert.equal((await reader.next()).done, true);
      assert.equal(await store.size(expected.digest), undefined);
    });

    it("stops a reader at its signal", async () => {
      await put(store, hello);
      const signal = AbortSignal.abort(new Error("stop"));
      await assert.rejects(collectText(store.read(expected.digest, { signal })), /stop/);
    });

    it("walks all blobs", async () => {
      await put(store, hello);
      await put(store, encoder.encode("other"));
      const blobs = await collect(store.walk());
      const order = (a: Blob, b: Blob) => a.digest.localeCompare(b.digest);
      assert.deepEqual(blobs.sort(order), [expected, other].sort(order));
    });
  });
}
