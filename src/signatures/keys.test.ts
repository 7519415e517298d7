import assert from "node:assert/strict";
import { constants, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, it } from "node:test";
import { encryptKey } from "./encrypted-key.ts";
import { formatPem, parsePem } from "./pem.ts";
import { makeKeyFiles, readPrivateKey } from "./private-key.ts";
import { readPublicKey } from "./public-key.ts";

/** Written by cosign 2.5.0 with the password "secret", and what it signed with it. */
const cosign = {
  privateKey: `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----
eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjo2NTUzNiwiciI6
OCwicCI6MX0sInNhbHQiOiJQckhnTldWN1BaaXhvbWFtSWw3ZGlSNVJBcVNsdkEw
MWhtVHNVWWkreXVRPSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94
Iiwibm9uY2UiOiJlSDV6K2pFRmFuQlFVcEEweXptbHhXV0drSURhZDAweCJ9LCJj
aXBoZXJ0ZXh0Ijoic2xuZDYyTW01U080cVRob3VmK25TdzhOS1Rua3czVkc5U0xK
Q3ByNjI2NThySTBJdnhLbHl1cVUzNGpIb0xoVjNraUhoY2JpYXpwVHJFR0t0WGdr
K0NVWXNNVTIzamxpZ3FwMFRUampMWHF1Q01MM3pROFV1MU1OTnpzYWtEVzM1U084
YWJuNFdUYXpCbDRHRGcvcS9tN1lIcTUxVVpOOGRtMzc0WDRzVEppUHNTOFVFazl0
bE9NVm5lNW9qOXFyaWR3OFhTT2IwTHJoaXc9PSJ9
-----END ENCRYPTED SIGSTORE PRIVATE KEY-----
`,
  publicKey: `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE+sgaI9T/6JB0fCnSTFFHRYHRLB0F
cYNxyDmPUPhnsJIxR2bCjlkTXIilzxapa3VNefCcUrv9HW3HFq3vVnfJ2A==
-----END PUBLIC KEY-----
`,
  data: Buffer.from(
    '{"critical":{"identity":{"docker-reference":"registry.example/app"},"image":{"docker-manifest-digest":"sha256:1111111111111111111111111111111111111111111111111111111111111111"},"type":"cosign container image signature"},"optional":null}',
  ),
  signature: Buffer.from(
    "MEUCIBagJKCabN+VJXIyw7ZOcp3KRR7CEd923ojR036XcW70AiEAjDGvMmkjF8u9fCA2InFFPS/nYug13dKfeLEtSxofamw=",
    "base64",
  ),
};

const data = Buffer.from("some bytes");
const secret = async () => "secret";

describe("private keys", () => {
  it("are read as cosign writes them", async () => {
    const key = await readPrivateKey(cosign.privateKey, "cosign.key", secret);
    assert.equal(key.publicKey.pem, cosign.publicKey);
    const publicKey = readPublicKey(cosign.publicKey, "cosign.pub");
    assert.equal(key.publicKey.fingerprint, publicKey.fingerprint);
    assert.ok(publicKey.verifies(data, key.sign(data)));
    assert.ok(!publicKey.verifies(Buffer.from("other bytes"), key.sign(data)));
  });

  it("are made in the form that all readers know", async () => {
    for (const password of ["secret", ""]) {
      const files = await makeKeyFiles(password);
      const { label, bytes } = parsePem(files.privateKey) ?? assert.fail();
      assert.equal(label, "ENCRYPTED COSIGN PRIVATE KEY");
      const { kdf } = JSON.parse(Buffer.from(bytes).toString());
      assert.deepEqual(kdf.params, { N: 32768, r: 8, p: 1 });
      const key = await readPrivateKey(files.privateKey, "my.key", async () => password);
      assert.equal(key.publicKey.pem, files.publicKey);
    }
  });

  it("of RSA and Ed25519 sign as their kind does", async () => {
    for (const pair of [
      generateKeyPairSync("rsa", { modulusLength: 2048 }),
      generateKeyPairSync("ed25519"),
    ]) {
      const der = pair.privateKey.export({ type: "pkcs8", format: "der" });
      const bytes = await encryptKey(der, "secret");
      const text = formatPem({ label: "ENCRYPTED COSIGN PRIVATE KEY", bytes });
      const key = await readPrivateKey(text, "my.key", secret);
      assert.ok(key.publicKey.verifies(data, key.sign(data)));
    }
  });

  it("want their password", async () => {
    await assert.rejects(
      readPrivateKey(cosign.privateKey, "cosign.key", async () => "Secret"),
      {
        code: "SIGNATURE_PASSWORD",
        message: "cannot decrypt private key cosign.key: the password is another one",
      },
    );
  });

  const { bytes } = parsePem(cosign.privateKey) ?? assert.fail();
  const document = JSON.parse(Buffer.from(bytes).toString());
  const { kdf, cipher } = document;
  for (const [what, value, message] of [
    [
      "a cost that takes for ever",
      { ...document, kdf: { ...kdf, params: { N: 2 ** 30, r: 8, p: 1 } } },
      /\/kdf\/params\/N: /,
    ],
    ["another way to a key", { ...document, kdf: { ...kdf, name: "pbkdf2" } }, /\/kdf\/name: /],
    ["another cipher", { ...document, cipher: { ...cipher, name: "none" } }, /\/cipher\/name: /],
    ["a short nonce", { ...document, cipher: { ...cipher, nonce: "AAAA" } }, /\/cipher\/nonce: /],
    ["base64 that is none", { ...document, ciphertext: "?" }, /\/ciphertext: /],
    ["more than there should be", { ...document, more: 1 }, /\/more: /],
    ["a list", [], /\/kdf: /],
  ] as const) {
    it(`are refused with ${what}, before anybody is asked for a password`, async () => {
      const text = formatPem({
        label: "ENCRYPTED SIGSTORE PRIVATE KEY",
        bytes: Buffer.from(JSON.stringify(value)),
      });
      const asked = readPrivateKey(text, "my.key", () => assert.fail("asked"));
      await assert.rejects(asked, { code: "SIGNATURE_KEY", message });
    });
  }

  it("are refused when they are not encrypted, or no keys", async () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const plain = String(privateKey.export({ type: "pkcs8", format: "pem" }));
    for (const [text, message] of [
      [plain, /it holds "PRIVATE KEY" where "ENCRYPTED COSIGN PRIVATE KEY" should be$/],
      ["", /it is no PEM file with one key$/],
      [cosign.privateKey.repeat(2), /it is no PEM file with one key$/],
      [`${cosign.privateKey}${" ".repeat(64 * 1024)}`, /it is no PEM file with one key$/],
    ] as const) {
      await assert.rejects(readPrivateKey(text, "my.key", secret), { code: "SIGNATURE_KEY", message });
    }
  });
});

describe("public keys", () => {
  it("verify what cosign signed", () => {
    const key = readPublicKey(cosign.publicKey, "cosign.pub");
    assert.ok(key.verifies(cosign.data, cosign.signature));
    assert.ok(!key.verifies(cosign.data, cosign.signature.subarray(1)));
    assert.ok(!key.verifies(cosign.data.subarray(1), cosign.signature));
    assert.ok(!key.verifies(cosign.data, Buffer.alloc(0)));
  });

  const pem = (key: KeyObject) => String(key.export({ type: "spki", format: "pem" }));

  it("are what decides how signatures are checked", () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const key = readPublicKey(pem(publicKey), "rsa.pub");
    assert.ok(key.verifies(data, sign("sha256", data, privateKey)));
    assert.ok(!key.verifies(data, sign("sha512", data, privateKey)));
    const pss = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING };
    assert.ok(!key.verifies(data, sign("sha256", data, pss)));
  });

  for (const [what, make, message] of [
    ["RSA with 1024 bits", () => generateKeyPairSync("rsa", { modulusLength: 1024 }), /it has 1024 bits/],
    ["a curve of coins", () => generateKeyPairSync("ec", { namedCurve: "secp256k1" }), /its curve secp256k1/],
    ["a kind that signs nothing", () => generateKeyPairSync("x25519"), /keys of x25519/],
  ] as const) {
    it(`are refused with ${what}`, () => {
      assert.throws(() => readPublicKey(pem(make().publicKey), "my.pub"), {
        code: "SIGNATURE_KEY",
        message,
      });
    });
  }

  it("are refused when they are something else", () => {
    const damaged = formatPem({ label: "PUBLIC KEY", bytes: Buffer.from("nonsense") });
    for (const text of ["", cosign.privateKey, damaged, cosign.publicKey.replace("A", "!")]) {
      assert.throws(() => readPublicKey(text, "my.pub"), { code: "SIGNATURE_KEY" });
    }
  });
});
