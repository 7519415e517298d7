import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Digest } from "../base/index.ts";
import { makeKeyFiles, readPrivateKey } from "./private-key.ts";
import { readPublicKey } from "./public-key.ts";
import { keySigner } from "./signer.ts";
import { readBundle } from "./statement.ts";
import { judgeSignatures, type Wanted } from "./verify.ts";

/** What cosign 3.1.1 put beside an image, and the key that it signed with. */
const publicKey = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEgVQ35N+Q8V0AtCufCpmWp41NwouR
TCvs/AwD5Yc868i+9pv1tYtP5sqrJw83UzWBQ8iii9RmKBCCvRWoHdAj5A==
-----END PUBLIC KEY-----
`;
const bundle = {
  mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
  verificationMaterial: { publicKey: { hint: "dPY3CP7qrXgWFD7pYRqiE2QmLrP2L9t9qnX3yoyKpwM=" } },
  dsseEnvelope: {
    payload:
      "eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEiLCJzdWJqZWN0IjpbeyJkaWdlc3QiOnsic2hhMjU2IjoiOTUxM2YzZjk4Y2I1NmM0YWY0NzE5MmQ1ODgzZmNkOGMwMGMxZjY0ZmVlOTU3YjdlMmViMTI4ZWNiNDZkYTExMSJ9LCJhbm5vdGF0aW9ucyI6e319XSwicHJlZGljYXRlVHlwZSI6Imh0dHBzOi8vc2lnc3RvcmUuZGV2L2Nvc2lnbi9zaWduL3YxIiwicHJlZGljYXRlIjp7fX0=",
    payloadType: "application/vnd.in-toto+json",
    signatures: [
      {
        sig: "MEUCIC06vmQNuDqcdjbVM46mn0YlBl+HVVDNGTQlHvpBz1rJAiEA5K9q2RUDe4n3U5kreP0jgCqiwtwtI4RQh2fsie8d8RE=",
      },
    ],
  },
};
const digest = "sha256:9513f3f98cb56c4af47192d5883fcd8c00c1f64fee957b7e2eb128ecb46da111" as Digest;

const wanted: Wanted = {
  signer: keySigner(readPublicKey(publicKey, "cosign.pub")),
  keyName: "cosign.pub",
  digests: [digest],
  acceptsName: (name) => name === "",
};

const read = (value: unknown) => readBundle(Buffer.from(JSON.stringify(value)));
const key = await readPrivateKey((await makeKeyFiles("")).privateKey, "k.key", async () => "");

/** A bundle around any statement. */
function bundleOf(statement: object | string) {
  const payload = Buffer.from(typeof statement === "string" ? statement : JSON.stringify(statement));
  const type = bundle.dsseEnvelope.payloadType;
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
  const sig = Buffer.from(key.sign(signed)).toString("base64");
  const dsseEnvelope = { payload: payload.toString("base64"), payloadType: type, signatures: [{ sig }] };
  return { ...bundle, dsseEnvelope };
}

describe("bundles", () => {
  const statement = JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, "base64").toString());

  it("of cosign are signatures without a name", () => {
    const signature = read(bundle) ?? assert.fail();
    const verdict = judgeSignatures([signature], wanted);
    assert.ok(verdict.kind === "good", JSON.stringify(verdict));
    assert.deepEqual(
      verdict.signatures.map(({ claim }) => claim),
      [{ name: "", digest, optional: {} }],
    );
    assert.deepEqual(judgeSignatures([signature], { ...wanted, acceptsName: () => false }), {
      kind: "OTHER_NAME",
      reason: "cosign.pub has signed it under no name",
    });
    const other = { ...wanted, signer: keySigner(key.publicKey), keyName: "k.pub" };
    assert.equal(judgeSignatures([signature], other).kind, "OTHER_KEY");
  });

  it("do not verify when a byte of them is another", () => {
    const changed = Buffer.from(JSON.stringify({ ...statement, predicate: { a: 1 } })).toString("base64");
    const signature = read({ ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, payload: changed } });
    assert.equal(judgeSignatures([signature ?? assert.fail()], wanted).kind, "OTHER_KEY");
  });

  const own = { ...wanted, signer: keySigner(key.publicKey), keyName: "k.pub" };
  const [subject] = statement.subject;
  for (const [what, value] of [
    ["an attestation", { ...statement, predicateType: "https://slsa.dev/provenance/v1" }],
    ["another kind of statement", { ...statement, _type: "https://in-toto.io/Statement/v9" }],
    ["two images", { ...statement, subject: [subject, subject] }],
    ["no image", { ...statement, subject: [] }],
    ["no digest", { ...statement, subject: [{ digest: { sha1: "00" } }] }],
    ["a short digest", { ...statement, subject: [{ digest: { sha256: "00" } }] }],
    ["no JSON", "{"],
  ] as const) {
    it(`say nothing about an image when they are around ${what}`, () => {
      const signature = read(bundleOf(value)) ?? assert.fail();
      const verdict = judgeSignatures([signature], own);
      assert.deepEqual(verdict, { kind: "PAYLOAD", reason: "what was signed is another statement" });
    });
  }

  it("are of the image that they are of", () => {
    const signature = read(bundleOf({ ...statement, subject: [{ digest: { sha256: "ab".repeat(32) } }] }));
    assert.equal(judgeSignatures([signature ?? assert.fail()], own).kind, "OTHER_DIGEST");
    assert.equal(judgeSignatures([read(bundleOf(statement)) ?? assert.fail()], own).kind, "good");
  });

  const { dsseEnvelope, ...rest } = bundle;
  for (const [what, value] of [
    ["nothing", {}],
    ["a message that is signed by its digest", { ...rest, messageSignature: {} }],
    ["no signature", { ...bundle, dsseEnvelope: { ...dsseEnvelope, signatures: [] } }],
    [
      "two signatures",
      { ...bundle, dsseEnvelope: { ...dsseEnvelope, signatures: [{ sig: "" }, { sig: "" }] } },
    ],
    ["another type of payload", { ...bundle, dsseEnvelope: { ...dsseEnvelope, payloadType: "text/plain" } }],
    ["base64 that is none", { ...bundle, dsseEnvelope: { ...dsseEnvelope, payload: "?" } }],
    ["another type", { ...bundle, mediaType: "application/json" }],
  ] as const) {
    it(`are no signatures with ${what}`, () => assert.equal(read(value), undefined));
  }

  it("are no signatures when they are no JSON", () => {
    for (const text of ["", "{", "[]", "null"]) assert.equal(readBundle(Buffer.from(text)), undefined);
  });
});
