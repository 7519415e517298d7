import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TugError } from "../base/index.ts";
import { readKeyRing } from "./key-ring.ts";
import { maxMessage } from "./message.ts";
import { keyTime, makeTestKey, number, type TestKeyKind } from "./testing/write-key.ts";
import {
  armored,
  certificate,
  literal,
  packet,
  part,
  signatureBody,
  signedMessage,
  subkey,
} from "./testing/write-message.ts";

const created = keyTime + 100;
const now = keyTime + 1000;
const data = Buffer.from("what is signed");

const key = makeTestKey();
const other = makeTestKey();
const ring = readKeyRing([certificate({ key, created })], now);
const reasonOf = (opened: ReturnType<typeof ring.open>) =>
  opened.kind === "bad" ? opened.reason : opened.kind;

describe("a ring of keys", () => {
  for (const kind of [
    "rsa",
    "P-256",
    "P-384",
    "P-521",
    "legacy Ed25519",
    "Ed25519",
    "Ed448",
  ] as TestKeyKind[]) {
    it(`opens what a key of kind ${kind} signed, by any digest, packed or not`, () => {
      const by = makeTestKey(kind);
      const own = readKeyRing([certificate({ key: by, created })], now);
      for (const hash of ["sha256", "sha384", "sha512"] as const) {
        for (const packed of [true, false]) {
          const opened = own.open(signedMessage({ by, data, created, hash, packed }));
          assert.deepEqual(opened, { kind: "good", data, fingerprint: by.fingerprint });
        }
      }
    });
  }

  it("is read from bytes and from text, several keys and several files of them", () => {
    const keys = [makeTestKey(), makeTestKey(), makeTestKey(), makeTestKey()];
    const [a, b, c, d] = keys.map((each) => certificate({ key: each, created })) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ];
    const text = `note\n${armored(b)}between\n${armored(c, "")}`.replaceAll("\n", "\r\n");
    const whole = readKeyRing(
      [Buffer.concat([packet(10, Buffer.from("PGP")), a, d]), Buffer.from(text)],
      now,
    );
    assert.deepEqual(whole.fingerprints.toSorted(), keys.map(({ fingerprint }) => fingerprint).toSorted());
    for (const by of keys) assert.equal(whole.open(signedMessage({ by, data, created })).kind, "good");
  });

  it("knows who else made a message, by a fingerprint or by an id alone", () => {
    assert.deepEqual(ring.open(signedMessage({ by: other, data, created })), { kind: "other" });
    for (const by of [key, other]) {
      const opened = ring.open(signedMessage({ by, data, created, byId: true }));
      assert.equal(opened.kind, by === key ? "good" : "other");
    }
  });

  for (const [what, make, reason] of [
    [
      "changed data",
      () => changed(signedMessage({ by: key, data, created })),
      /^it was changed, or was not made by key/,
    ],
    [
      "the name of a key on what another one made",
      () => signedMessage({ by: { ...other, fingerprint: key.fingerprint }, data, created }),
      /^it was changed, or was not made by key/,
    ],
    [
      "a weak digest",
      () => signedMessage({ by: key, data, created, hash: "sha1" }),
      /digest that is not taken any more$/,
    ],
    [
      "a signature of text",
      () => signedMessage({ by: key, data, created, type: 1 }),
      /^it is a signature of type 1/,
    ],
    [
      "a signature that has expired",
      () => signedMessage({ by: key, data, created, parts: [part(3, number(500, 4))] }),
      /^it expired on 2020-09-13$/,
    ],
    [
      "one that is older than its key",
      () => signedMessage({ by: key, data, created: keyTime - 1 }),
      /^it is older than/,
    ],
    [
      "a part that must be understood",
      () => signedMessage({ by: key, data, created, parts: [part(0x80 | 100, Buffer.alloc(1))] }),
      /^it has a part of kind 100, which is not understood$/,
    ],
  ] as const) {
    it(`does not take ${what}`, () => {
      assert.match(reasonOf(ring.open(make())), reason);
    });
  }

  it("takes parts that it does not know where they need not be understood, and ends that are to come", () => {
    const parts = [part(100, Buffer.alloc(1)), part(3, number(5000, 4))];
    assert.equal(ring.open(signedMessage({ by: key, data, created, parts })).kind, "good");
  });
});

describe("what a key says about itself", () => {
  const message = signedMessage({ by: key, data, created });
  const judge = (cert: Buffer, at = now, what = message) => reasonOf(readKeyRing([cert], at).open(what));
  const revocation = (type: number, by = key) =>
    packet(2, signatureBody({ by, type, over: key.hashed, created }));

  it("ends its time, whenever the signature was made", () => {
    const cert = certificate({ key, created, lasts: 2000 });
    assert.equal(judge(cert, keyTime + 1999), "good");
    assert.match(judge(cert, keyTime + 2000), /^its key [0-9A-F]{40} expired on 2020-09-13$/);
  });

  it("is what it has said last", () => {
    const [older, newer] = [
      certificate({ key, created, lasts: 500 }),
      certificate({ key, created: created + 1 }),
    ];
    const head = packet(6, key.body).length;
    assert.equal(judge(Buffer.concat([newer, older.subarray(head)])), "good");
    const shorter = certificate({ key, created: created + 2, lasts: 500 });
    assert.match(judge(Buffer.concat([newer, shorter.subarray(head)])), /expired/);
  });

  it("revokes it, if it says so itself", () => {
    assert.match(judge(certificate({ key, created, behind: [revocation(0x20)] })), /is revoked$/);
    assert.equal(judge(certificate({ key, created, behind: [revocation(0x20, other)] })), "good");
  });

  it("is what it is for", () => {
    assert.match(judge(certificate({ key, created, flags: 1 })), /is not for signatures of data$/);
  });

  it("may be signed with an old digest: files of keys are what they are trusted for", () => {
    assert.equal(judge(certificate({ key, created, hash: "sha1" })), "good");
  });

  it("is all that counts: a key that says nothing of itself is none", () => {
    for (const file of [
      packet(6, key.body),
      packet(13, Buffer.from("x")),
      Buffer.alloc(0),
      Buffer.from("text"),
    ]) {
      assert.throws(() => readKeyRing([file], now), { code: "OPENPGP_FORMAT" });
    }
    const stolen = certificate({ key: { ...other, body: key.body, hashed: key.hashed }, created });
    assert.throws(() => readKeyRing([stolen], now), {
      code: "OPENPGP_FORMAT",
      message: /no name that is signed by it$/,
    });
    const name = Buffer.from("someone@tug.example");
    const over = Buffer.concat([key.hashed, Buffer.from([0xb4]), number(name.length, 4), name]);
    const gone = packet(2, signatureBody({ by: key, type: 0x30, over, created: created + 1 }));
    assert.throws(() => readKeyRing([Buffer.concat([certificate({ key, created }), gone])], now), {
      code: "OPENPGP_FORMAT",
    });
  });

  it("is not what others say about it", () => {
    const name = Buffer.from("someone@tug.example");
    const over = Buffer.concat([key.hashed, Buffer.from([0xb4]), number(name.length, 4), name]);
    const words = [0x10, 0x30].map((type) =>
      packet(2, signatureBody({ by: other, type, over, created: created + 1 })),
    );
    assert.equal(judge(certificate({ key, created, more: words })), "good");
  });

  it("is kept beside keys that cannot be read", () => {
    const file = Buffer.concat([
      packet(6, Buffer.from([3])),
      certificate({ key, created }),
      packet(6, Buffer.from([6])),
    ]);
    assert.equal(judge(file), "good");
  });

  it("is not found in private keys, which it says", () => {
    const text = "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n-----END PGP PRIVATE KEY BLOCK-----\n";
    assert.throws(() => readKeyRing([Buffer.from(text)], now), {
      message: "it holds a PGP PRIVATE KEY BLOCK, no public keys",
    });
  });
});

describe("subkeys", () => {
  const [primary, sub] = [key, makeTestKey("rsa")];
  const message = signedMessage({ by: sub, data, created });
  const judge = (
    fields: Partial<Parameters<typeof subkey>[0]>,
    cert: Partial<Parameters<typeof certificate>[0]> = {},
  ) => {
    const more = [subkey({ primary, key: sub, created, agrees: sub, ...fields }), ...(cert.more ?? [])];
    const opened = readKeyRing([certificate({ key: primary, created, ...cert, more })], now).open(message);
    return opened.kind === "good" ? opened.fingerprint : reasonOf(opened);
  };

  it("sign for the key that people know", () => {
    assert.equal(judge({}), primary.fingerprint);
    assert.equal(judge({}, { flags: 1 }), primary.fingerprint);
  });

  it("do not, unless both keys agree", () => {
    assert.match(judge({ agrees: other }), /is not for signatures of data$/);
    const { agrees: _, ...silent } = { primary, key: sub, created, agrees: sub };
    const file = certificate({ key: primary, created, more: [subkey(silent)] });
    assert.match(reasonOf(readKeyRing([file], now).open(message)), /is not for signatures of data$/);
    assert.equal(judge({ primary: other }), "other");
  });

  it("do not, where they are for something else, have expired or are revoked, or their key is", () => {
    assert.match(judge({ flags: 8 }), /is not for signatures of data$/);
    assert.match(judge({ lasts: 500 }), /expired on 2020-09-13$/);
    assert.match(judge({}, { lasts: 500 }), /expired on 2020-09-13$/);
    const over = Buffer.concat([primary.hashed, sub.hashed]);
    const revoked = packet(2, signatureBody({ by: primary, type: 0x28, over, created }));
    assert.match(judge({}, { more: [revoked] }), /is revoked$/);
    const all = packet(2, signatureBody({ by: primary, type: 0x20, over: primary.hashed, created }));
    assert.match(judge({}, { behind: [all] }), /is revoked$/);
  });
});

describe("messages", () => {
  const message = signedMessage({ by: key, data, created });
  const signature = packet(2, signatureBody({ by: key, type: 0, over: data, created }));
  const announced = message.subarray(0, 6 + 13);

  it("may come in the old format, in parts, and without an end", () => {
    const body = literal(data);
    const old = Buffer.concat([Buffer.from([0x80 | (11 << 2), body.length]), body]);
    const parts = Buffer.concat([
      Buffer.from([0xc0 | 11, 0xe0 | 3]),
      body.subarray(0, 8),
      Buffer.from([body.length - 8]),
      body.subarray(8),
    ]);
    for (const middle of [old, parts]) {
      assert.equal(ring.open(Buffer.concat([announced, middle, signature])).kind, "good");
    }
    const [, ...packed] = packet(8, Buffer.concat([Buffer.from([0]), message]));
    assert.equal(ring.open(Buffer.from([0x80 | (8 << 2) | 3, ...packed.slice(5)])).kind, "good");
  });

  for (const [what, bytes, reason] of [
    ["no signature", packet(11, literal(data)), "it is no message with one signature"],
    ["two signatures", Buffer.concat([message, signature]), "it is no message with one signature"],
    ["two messages", Buffer.concat([message, message]), "it is no message with one signature"],
    ["a signature alone", signature, "it is no message with one signature"],
    ["text", Buffer.from("hello"), "it is no OpenPGP data"],
    ["nothing", Buffer.alloc(0), "it is no message with one signature"],
    [
      "a way of packing that is not read",
      packet(8, Buffer.from([3, 0])),
      "it is packed in a way that is not read: 3",
    ],
    ["what cannot be unpacked", packet(8, Buffer.from([1, 255, 255])), "it cannot be unpacked"],
    [
      "a signature in parts",
      Buffer.concat([Buffer.from([0xc2, 0xe0]), Buffer.alloc(9)]),
      "a packet of kind 2 comes in parts",
    ],
    [
      "another version of signatures",
      Buffer.concat([packet(2, Buffer.from([6])), packet(11, literal(data))]),
      "its signature is of version 6, and only version 4 is read",
    ],
    ["more than anybody signs", Buffer.alloc(maxMessage + 1, 0xcb), `it has more than ${maxMessage} bytes`],
  ] as const) {
    it(`are refused with ${what}`, () => {
      assert.throws(() => ring.open(bytes), { code: "OPENPGP_FORMAT", message: reason });
    });
  }

  it("are refused where they unpack to too much, or are packed again and again", () => {
    const large = signedMessage({ by: key, data: Buffer.alloc(maxMessage), created, packed: true });
    assert.throws(() => ring.open(large), { message: `it unpacks to more than ${maxMessage} bytes` });
    let often = message;
    for (let count = 0; count < 4; count += 1) often = packet(8, Buffer.concat([Buffer.from([0]), often]));
    assert.throws(() => ring.open(often), { message: "it is packed too often" });
  });

  it("never open with other data, and never fail otherwise, whatever byte of them or of the keys is another", () => {
    const judge = (keys: Uint8Array, bytes: Uint8Array) => {
      try {
        return readKeyRing([keys], now).open(bytes);
      } catch (error) {
        assert.ok(error instanceof TugError && error.code === "OPENPGP_FORMAT", String(error));
        return undefined;
      }
    };
    const more = [subkey({ primary: key, key: other, created, agrees: other })];
    const cert = certificate({ key, created, lasts: 2000, more });
    for (const flip of [0x01, 0x80, 0xff]) {
      for (let at = 0; at < message.length; at += 1) {
        const opened = judge(cert, flipped(message, at, flip));
        if (opened?.kind === "good") assert.deepEqual(opened.data, data);
      }
      for (let at = 0; at < cert.length; at += 1) {
        const opened = judge(flipped(cert, at, flip), message);
        if (opened?.kind === "good") assert.deepEqual(opened.data, data);
      }
    }
    for (let length = 0; length < message.length; length += 1) {
      assert.notEqual(judge(cert, message.subarray(0, length))?.kind, "good");
    }
    for (let length = 0; length < cert.length; length += 1) judge(cert.subarray(0, length), message);
  });
});

function changed(message: Buffer): Buffer {
  return flipped(message, message.indexOf(data), 0x01);
}

function flipped(bytes: Uint8Array, at: number, flip: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] as number) ^ flip;
  return copy;
}
