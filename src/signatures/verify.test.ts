import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Digest, sha256 } from "../base/index.ts";
import type { ImageSignature } from "./image-signature.ts";
import { formatPayload, maxPayload, parsePayload } from "./payload.ts";
import { makeKeyFiles, readPrivateKey } from "./private-key.ts";
import { keySigner } from "./signer.ts";
import { judgeSignatures, verifySignatures, type Wanted } from "./verify.ts";

const digest = sha256("image");
const name = "registry.example/app";

async function makeKey() {
  return await readPrivateKey((await makeKeyFiles("")).privateKey, "my.key", async () => "");
}

const [key, other] = await Promise.all([makeKey(), makeKey()]);

function signed(payload: Uint8Array | string, by = key): ImageSignature {
  const bytes = Buffer.from(payload);
  return { payload: bytes, signature: Buffer.from(by.sign(bytes)).toString("base64") };
}

const claim = (changes: { name?: string; digest?: Digest } = {}) =>
  formatPayload({ name, digest, optional: {}, ...changes });

const wanted: Wanted = {
  signer: keySigner(key.publicKey),
  keyName: "my.pub",
  digests: [digest],
  acceptsName: (signed) => signed === name,
};

describe("what is signed", () => {
  it("is what cosign signs, byte for byte", () => {
    assert.equal(
      String(claim()),
      `{"critical":{"identity":{"docker-reference":"${name}"},"image":{"docker-manifest-digest":"${digest}"},"type":"cosign container image signature"},"optional":null}`,
    );
    assert.deepEqual(parsePayload(formatPayload({ name, digest, optional: { by: "me" } })), {
      name,
      digest,
      optional: { by: "me" },
    });
  });

  it("may be laid out otherwise, and without anything optional", () => {
    const { critical } = JSON.parse(String(claim()));
    assert.deepEqual(parsePayload(Buffer.from(JSON.stringify({ critical }, null, 2))), {
      name,
      digest,
      optional: {},
    });
  });

  const { critical } = JSON.parse(String(claim()));
  for (const [what, value, message] of [
    ["another type", { critical: { ...critical, type: "atomic container signature" } }, /\/critical\/type: /],
    ["no digest", { critical: { ...critical, image: {} } }, /\/critical\/image\/docker-manifest-digest: /],
    [
      "a short digest",
      { critical: { ...critical, image: { "docker-manifest-digest": "sha256:1" } } },
      /expected a digest$/,
    ],
    ["no name", { critical: { ...critical, identity: {} } }, /\/critical\/identity\/docker-reference: /],
    ["a condition that nobody knows", { critical: { ...critical, until: 2020 } }, /\/critical\/until: /],
    ["more than there should be", { critical, more: 1 }, /\/more: /],
    ["a list", [], /\/critical: /],
  ] as const) {
    it(`is refused with ${what}`, () => {
      assert.throws(() => parsePayload(Buffer.from(JSON.stringify(value))), {
        code: "SIGNATURE_PAYLOAD",
        message,
      });
    });
  }

  it("is refused when it is no JSON, or too long", () => {
    for (const data of [Buffer.from("{"), Buffer.from([0xff]), Buffer.alloc(maxPayload + 1, 0x20)]) {
      assert.throws(() => parsePayload(data), { code: "SIGNATURE_PAYLOAD" });
    }
  });
});

describe("the signatures of an image", () => {
  it("are good when the key signed this image under its name, among others or not", () => {
    const good = signed(claim());
    const noise = [signed(claim(), other), signed("nonsense"), signed(claim({ digest: sha256("other") }))];
    assert.deepEqual(verifySignatures([...noise, good], wanted, "app"), [parsePayload(good.payload)]);
    assert.deepEqual(judgeSignatures([good], { ...wanted, digests: [sha256("index"), digest] }).kind, "good");
  });

  const good = signed(claim());
  for (const [what, signatures, code, message] of [
    ["there are none", [], "SIGNATURE_MISSING", "cannot verify app: it has no signature"],
    [
      "another key made it",
      [signed(claim(), other)],
      "SIGNATURE_OTHER_KEY",
      "cannot verify app: its signature was not made with my.pub",
    ],
    [
      "other keys made them",
      [signed(claim(), other), signed(claim(), other)],
      "SIGNATURE_OTHER_KEY",
      "cannot verify app: none of its signatures was made with my.pub",
    ],
    [
      "it is of another image",
      [signed(claim({ digest: sha256("other") }))],
      "SIGNATURE_OTHER_DIGEST",
      `cannot verify app: my.pub has signed another image: ${sha256("other")}`,
    ],
    [
      "it is of another name",
      [signed(claim({ name: "x/\u001b[2J" })), signed(claim({ digest: sha256("other") }))],
      "SIGNATURE_OTHER_NAME",
      'cannot verify app: my.pub has signed it under another name: "x/\\u001b[2J"',
    ],
    [
      "it says something else",
      [signed("{}")],
      "SIGNATURE_PAYLOAD",
      'cannot verify app: cannot use what was signed: /critical: Invalid key: Expected "critical" but received undefined',
    ],
    [
      "what was signed was changed",
      [{ ...good, payload: claim({ name: "registry.example/apps" }) }],
      "SIGNATURE_OTHER_KEY",
      "cannot verify app: its signature was not made with my.pub",
    ],
    [
      "the base64 is not canonical",
      [{ ...good, signature: `${good.signature}\n` }],
      "SIGNATURE_OTHER_KEY",
      "cannot verify app: its signature was not made with my.pub",
    ],
    [
      "it is endless",
      [{ ...good, signature: "A".repeat(5000) }],
      "SIGNATURE_OTHER_KEY",
      "cannot verify app: its signature was not made with my.pub",
    ],
  ] as const) {
    it(`are not when ${what}`, () => {
      assert.throws(() => verifySignatures(signatures, wanted, "app"), { code, message });
    });
  }
});
