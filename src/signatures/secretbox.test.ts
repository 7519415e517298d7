import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poly1305 } from "./poly1305.ts";
import { seal, unseal } from "./secretbox.ts";

const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** Source: tests/secretbox.c and secretbox.out of nacl-20110221 */
const key = hex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389");
const nonce = hex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37");
const message = hex(
  "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c6129" +
    "6cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde" +
    "048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705",
);
const sealed =
  "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186a" +
  "c0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae" +
  "90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74" +
  "e355a5";

describe("secretbox", () => {
  it("gives what NaCl gives", () => {
    assert.equal(toHex(seal(message, nonce, key)), sealed);
    assert.deepEqual(unseal(hex(sealed), nonce, key), message);
  });

  it("opens nothing that was changed, cut, or sealed with another key or nonce", () => {
    const other = (bytes: Uint8Array, index: number) =>
      bytes.map((byte, at) => byte ^ (at === index ? 1 : 0));
    const box = hex(sealed);
    for (const index of [0, 15, 16, box.length - 1]) {
      assert.equal(unseal(other(box, index), nonce, key), undefined);
    }
    assert.equal(unseal(box, other(nonce, 0), key), undefined);
    assert.equal(unseal(box, other(nonce, 23), key), undefined);
    assert.equal(unseal(box, nonce, other(key, 31)), undefined);
    assert.equal(unseal(box.subarray(0, -1), nonce, key), undefined);
    assert.equal(unseal(box.subarray(0, 15), nonce, key), undefined);
  });

  it("seals messages of no bytes and of many blocks", () => {
    for (const length of [0, 1, 31, 32, 33, 64, 1000]) {
      const text = new Uint8Array(length).fill(7);
      assert.deepEqual(unseal(seal(text, nonce, key), nonce, key), text);
    }
  });

  // RFC 8439, 2.5.2 and A.3 (test vectors 7 and 8: sums beyond the prime)
  for (const [k, text, tag] of [
    [
      "85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b",
      Buffer.from("Cryptographic Forum Research Group").toString("hex"),
      "a8061dc1305136c6c22b8baf0c0127a9",
    ],
    ["02".padEnd(64, "0"), "f".repeat(32), "03".padEnd(32, "0")],
    ["02".padEnd(32, "0") + "f".repeat(32), "02".padEnd(32, "0"), "03".padEnd(32, "0")],
  ] as const) {
    it(`authenticates ${text.slice(0, 16)}`, () => assert.equal(toHex(poly1305(hex(text), hex(k))), tag));
  }
});
