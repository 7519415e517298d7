import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { briefPieces } from "../testing/brief-pieces.ts";
import { collectBytes } from "../testing/collect.ts";
import { decompress, detectCompression } from "./compression.ts";

const one = randomBytes(300_000);
const two = Buffer.alloc(200_000, "two");
const skippable = Buffer.from("5e2a4d1803000000abc000", "hex").subarray(0, 11);

async function* inPieces(data: Uint8Array, length: number) {
  for (let at = 0; at < data.length; at += length) yield data.subarray(at, at + length);
}

async function expand(data: Uint8Array, length = 10_000): Promise<Buffer> {
  return await collectBytes(decompress(inPieces(data, length)));
}

const same = (a: Buffer, b: Buffer) => assert.equal(Buffer.compare(a, b), 0);
const refused = { code: "IMAGE_COMPRESSION", kind: "invalid" };

describe("decompress", () => {
  it("leaves alone what is not compressed", async () => {
    same(await expand(one), one);
    same(await expand(Buffer.from("ab"), 1), Buffer.from("ab"));
    same(await expand(Buffer.alloc(0)), Buffer.alloc(0));
  });

  it("expands gzip, also of several members and with zeros behind", async () => {
    const data = Buffer.concat([gzipSync(one), gzipSync(two), Buffer.alloc(600)]);
    same(await expand(data), Buffer.concat([one, two]));
  });

  it("expands zstd, also of several frames and with skippable ones", async () => {
    const data = Buffer.concat([
      skippable,
      zstdCompressSync(one),
      skippable,
      zstdCompressSync(two),
      zstdCompressSync(Buffer.alloc(0)),
      zstdCompressSync(Buffer.alloc(1_000_000)),
      skippable,
    ]);
    for (const length of [7, 10_000, data.length]) {
      same(await expand(data, length), Buffer.concat([one, two, Buffer.alloc(1_000_000)]));
    }
  });

  it("gives pieces that are to be brief back when the next one is asked for, and all of what they had", async () => {
    const data = Buffer.concat([randomBytes(3_000_000), Buffer.alloc(3_000_000, "text")]);
    for (const compressed of [gzipSync(data), zstdCompressSync(data), data]) {
      const copies: Buffer[] = [];
      const pieces: Uint8Array[] = [];
      for await (const piece of decompress(inPieces(compressed, 70_001), { brief: true })) {
        copies.push(Buffer.from(piece));
        pieces.push(piece);
      }
      same(Buffer.concat(copies), data);
      const kept = pieces.reduce((sum, { length }) => sum + length, 0);
      assert.ok(compressed === data || kept < 1_000_000, `${kept} bytes are kept`);
    }
    same(await collectBytes(decompress(inPieces(gzipSync(data), 70_001))), data);
  });

  it("needs a piece of compressed data only until it asks for the next one", async () => {
    const data = Buffer.concat([one, two]);
    for (const compressed of [
      gzipSync(data),
      Buffer.concat([zstdCompressSync(one), skippable, zstdCompressSync(two)]),
    ])
      for (const length of [5, 4096, 100_000])
        same(await collectBytes(decompress(briefPieces(compressed, length))), data);
  });

  it("refuses truncated and damaged data", async () => {
    for (const data of [gzipSync(one), zstdCompressSync(one)]) {
      await assert.rejects(expand(data.subarray(0, data.length - 3)), refused);
      await assert.rejects(expand(data.subarray(0, 1000)), refused);
      const damaged = Buffer.from(data);
      damaged.fill(0xff, 6, 40);
      await assert.rejects(expand(damaged), refused);
      await assert.rejects(expand(Buffer.concat([data, Buffer.from("trailing garbage")])), refused);
    }
  });

  it("names a compression that it does not read", () => {
    const start = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0]);
    assert.throws(() => detectCompression(start), { ...refused, message: /compressed with xz/ });
  });

  it("passes the error of its source on", async () => {
    for (const start of [gzipSync(one), zstdCompressSync(one), one]) {
      async function* broken() {
        yield start.subarray(0, 5000);
        throw new Error("the line is cut");
      }
      await assert.rejects(collectBytes(decompress(broken())), /the line is cut/);
    }
  });

  it("lets go of its source when nobody reads on", async () => {
    for (const start of [gzipSync(one), zstdCompressSync(one), one]) {
      let released = false;
      async function* endless() {
        try {
          for (;;) yield start;
        } finally {
          released = true;
        }
      }
      for await (const _ of decompress(endless())) break;
      assert.equal(released, true);
    }
  });
});
