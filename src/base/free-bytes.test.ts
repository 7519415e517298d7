import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { freeBytes } from "./free-bytes.ts";

describe("freeBytes", () => {
  it("frees the whole buffer with the last of its bytes, and not before", () => {
    const whole = Buffer.allocUnsafeSlow(100_000).fill(1);
    const [first, last] = [whole.subarray(0, 60_000), whole.subarray(60_000)];
    freeBytes(first);
    assert.deepEqual([first.length, last.length, whole[0]], [60_000, 40_000, 1]);
    freeBytes(last);
    assert.deepEqual([first.length, last.length, whole.length], [0, 0, 0]);
    freeBytes(last);
  });

  it("frees a buffer as large as Node's pool that is one piece", () => {
    const piece = Buffer.allocUnsafeSlow(Buffer.poolSize);
    freeBytes(piece);
    assert.equal(piece.length, 0);
  });

  it("leaves alone what many share", () => {
    const pooled = Array.from({ length: 50 }, () => Buffer.from("x".repeat(Buffer.poolSize / 4)));
    for (const each of pooled) freeBytes(each);
    assert.ok(pooled.every(({ length }) => length > 0));
    const shared = new Uint8Array(new SharedArrayBuffer(100_000));
    freeBytes(shared);
    assert.equal(shared.length, 100_000);
  });
});
