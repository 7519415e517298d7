import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sha256 } from "../base/index.ts";
import { formOf } from "./image-signature.ts";
import { formatPayload } from "./payload.ts";
import { makeKeyFiles, readPrivateKey } from "./private-key.ts";
import { gpgSigner, keySigner, unverifiedClaim } from "./signer.ts";
import { makeGpgTestKey } from "./testing/gpg-key.ts";
import { verifySignatures } from "./verify.ts";

const digest = sha256("image");
const claim = { name: "registry.example/app:1", digest, optional: { creator: "me", timestamp: 1 } };
const [key, other] = [makeGpgTestKey(), makeGpgTestKey()];
const cosignKey = await readPrivateKey((await makeKeyFiles("")).privateKey, "my.key", async () => "");
const signer = gpgSigner([key.publicKey()], "my.gpg");
const wanted = { signer, keyName: "my.gpg", digests: [digest], acceptsName: () => true };
const cosign = () => {
  const payload = formatPayload(claim);
  return { payload, signature: Buffer.from(cosignKey.sign(payload)).toString("base64") };
};

describe("GPG signatures", () => {
  it("are good when one of the keys made them, among others or not", () => {
    const signatures = [other.sign(claim), cosign(), key.sign(claim)];
    assert.deepEqual(verifySignatures(signatures, wanted, "app"), [claim]);
    const both = gpgSigner([Buffer.from(other.publicText()), key.publicKey()], "all.gpg");
    assert.equal(verifySignatures(signatures, { ...wanted, signer: both }, "app").length, 2);
  });

  it("are not taken for those of cosign, nor cosign's for them", () => {
    assert.deepEqual([formOf(key.sign(claim)), formOf(cosign())], ["gpg", "cosign"]);
    assert.throws(() => verifySignatures([cosign()], wanted, "app"), { code: "SIGNATURE_OTHER_KEY" });
    const byKey = { ...wanted, signer: keySigner(cosignKey.publicKey) };
    assert.throws(() => verifySignatures([key.sign(claim)], byKey, "app"), { code: "SIGNATURE_OTHER_KEY" });
    assert.throws(() => verifySignatures([key.sign(claim, "cosign")], wanted, "app"), {
      code: "SIGNATURE_PAYLOAD",
      message: /\/critical\/type: /,
    });
  });

  it("that do not count are told with the reason, after all that might count", () => {
    const cut = { ...key.sign(claim), payload: key.sign(claim).payload.subarray(0, -1) };
    assert.throws(() => verifySignatures([other.sign(claim), cut], wanted, "app"), {
      code: "SIGNATURE_UNFIT",
      message: "cannot verify app: its signature does not count: it ends too early",
    });
    const late = gpgSigner([key.publicKey(3600)], "my.gpg", Date.now() + 3600_000);
    assert.throws(() => verifySignatures([key.sign(claim)], { ...wanted, signer: late }, "app"), {
      code: "SIGNATURE_UNFIT",
      message: /its signature does not count: its key [0-9A-F]{40} expired on /,
    });
    const another = key.sign({ ...claim, digest: sha256("other") });
    assert.throws(() => verifySignatures([cut, another], wanted, "app"), { code: "SIGNATURE_OTHER_DIGEST" });
    assert.equal(verifySignatures([cut, key.sign(claim)], wanted, "app").length, 1);
  });

  it("say what they are of also before anybody verifies them", () => {
    assert.deepEqual(unverifiedClaim(key.sign(claim)), claim);
    const nonsense = { payload: Buffer.from([0xff, 1]), signature: "" };
    assert.throws(() => unverifiedClaim(nonsense), {
      code: "SIGNATURE_PAYLOAD",
      message: /: it ends too early$/,
    });
  });

  it("want keys that can be used", () => {
    assert.throws(() => gpgSigner([Buffer.from("text")], "my.gpg"), {
      code: "SIGNATURE_KEY",
      message: "cannot use the GPG keys my.gpg: it holds no OpenPGP keys",
    });
  });
});
