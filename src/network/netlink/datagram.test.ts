import assert from "node:assert/strict";
import { test } from "node:test";
import { attribute as a, decodeAttributes, textOf } from "./attribute.ts";
import { decodeAnswers, encodeDatagram } from "./datagram.ts";

test("messages are padded, numbered, and tell where descriptors belong", () => {
  const { bytes, places } = encodeDatagram([
    { type: 16, flags: 5, header: Uint8Array.of(1, 2, 3) },
    {
      type: 17,
      flags: 1,
      header: new Uint8Array(4),
      attributes: [a.text(3, "lo"), a.nested(18, a.u8(1, 7), a.descriptor(28, 4))],
    },
  ]);
  assert.equal(
    Buffer.from(bytes).toString("hex"),
    [
      "14000000 1000 0500 01000000 00000000 01020300",
      "30000000 1100 0100 02000000 00000000 00000000",
      "0700 0300 6c6f0000",
      "1400 1280 0500 0100 07000000 0800 1c00 00000000",
    ]
      .join("")
      .replaceAll(" ", ""),
  );
  assert.deepEqual(places, [{ offset: 64, slot: 4 }]);
});

test("what the kernel answers is taken apart, what is cut off is left out", () => {
  const { bytes } = encodeDatagram([
    { type: 16, flags: 0, header: new Uint8Array(0), attributes: [a.text(3, "eth0"), a.be32(9, -3)] },
    { type: 17, flags: 0, header: new Uint8Array(8) },
  ]);
  const answers = decodeAnswers(Buffer.from(bytes));
  assert.deepEqual(
    answers.map(({ type, sequence, body }) => [type, sequence, body.length]),
    [
      [16, 1, 20],
      [17, 2, 8],
    ],
  );
  const attributes = decodeAttributes(answers[0]?.body ?? Buffer.alloc(0));
  assert.equal(textOf(attributes.get(3)), "eth0");
  assert.equal(attributes.get(9)?.toString("hex"), "fffffffd");
  assert.equal(decodeAnswers(Buffer.from(bytes).subarray(0, -1)).length, 1);
  assert.equal(decodeAttributes(Buffer.from([9, 0, 1, 0, 0])).size, 0);
  assert.equal(decodeAttributes(Buffer.from([0, 0, 1, 0, 0, 0, 0, 0])).size, 0);
});
