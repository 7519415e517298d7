import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type GpgBench, image, needsGpgBench, openGpgBench, second } from "./harness/gpg-bench.ts";

const { digest } = image.manifest;

describe("neither we nor skopeo take, for a GPG signature,", { skip: needsGpgBench() }, () => {
  let bench: GpgBench;
  before(async () => {
    bench = await openGpgBench();
  });
  after(() => bench[Symbol.asyncDispose]());

  const name = () => `${bench.registry.host}/bad:1`;
  const payload = (changes: { name?: string; of?: string } = {}) =>
    JSON.stringify({
      critical: {
        identity: { "docker-reference": changes.name ?? name() },
        image: { "docker-manifest-digest": changes.of ?? digest },
        type: "atomic container signature",
      },
      optional: {},
    });
  const signed = async (text: string, ...words: string[]) => {
    await writeFile(bench.file("text"), text);
    return await bench.keys.gpg(...words, "--output", "-", "--sign", bench.file("text"));
  };
  const by = (user: string) => ["--local-user", `${user}@tug.example`];
  const serve = async (signature: Uint8Array) => {
    await bench.registry.push("bad:1", image);
    await rm(bench.signaturesOf("bad"), { recursive: true, force: true });
    await mkdir(bench.signaturesOf("bad"), { recursive: true });
    await writeFile(join(bench.signaturesOf("bad"), "signature-1"), signature);
  };

  it("nothing: a good one both take", async () => {
    await serve(await signed(payload(), ...by("team")));
    await bench.writePolicy(bench.file("own-policy.json"), "team");
    await bench.ok("pull", name());
    await bench.copy(await bench.policyOf("team"), bench.at("bad:1"), `dir:${bench.file("good")}`);
    await bench.ok("rmi", name());
  });

  for (const [what, make, key, reason] of [
    [
      "a key that has expired",
      () => signed(payload(), "--faked-system-time", "20200601T000000", ...by("old")),
      "old",
      /its signature does not count: its key [0-9A-F]{40} expired on 2020-12-31/,
    ],
    [
      "a key that is revoked",
      async () => {
        const fingerprint = await bench.keys.makeKey("gone@tug.example");
        const data = await signed(payload(), ...by("gone"));
        const words = await readFile(join(bench.keys.path, `openpgp-revocs.d/${fingerprint}.rev`), "utf8");
        await writeFile(bench.file("revocation"), words.replace(":-----BEGIN", "-----BEGIN"));
        await bench.keys.gpg("--import", bench.file("revocation"));
        await writeFile(bench.file("gone.gpg"), await bench.keys.gpg("--export", fingerprint));
        return data;
      },
      "gone",
      /its signature does not count: its key [0-9A-F]{40} is revoked/,
    ],
    [
      "a signature of two keys",
      () => signed(payload(), ...by("team"), ...by("other")),
      "team",
      /its signature does not count: it is no message with one signature/,
    ],
    ["another key", () => signed(payload(), ...by("other")), "team", /its signature was not made with/],
    [
      "another image",
      () => signed(payload({ of: second.manifest.digest }), ...by("team")),
      "team",
      new RegExp(`has signed another image: ${second.manifest.digest}`),
    ],
    [
      "another name",
      () => signed(payload({ name: "evil.example/bad:1" }), ...by("team")),
      "team",
      /has signed it under another name: "evil\.example\/bad:1"/,
    ],
    [
      "something else that was signed",
      () => signed("{}", ...by("team")),
      "team",
      /cannot use what was signed: \/critical: /,
    ],
    [
      "a signature that is cut",
      async () => (await signed(payload(), ...by("team"), "--compress-algo", "none")).subarray(0, -9),
      "team",
      /its signature does not count: it ends too early/,
    ],
    [
      "a signature that was changed",
      async () => {
        const data = await signed(payload(), ...by("team"), "--compress-algo", "none");
        return Buffer.from(data.toString("latin1").replace("/bad:1", "/bad:2"), "latin1");
      },
      "team",
      /its signature does not count: it was changed/,
    ],
    [
      "a signature that unpacks to more than anybody means",
      () => signed(JSON.stringify({ x: "x".repeat(1e6) }), ...by("team")),
      "team",
      /its signature does not count: it unpacks to more than 65536 bytes/,
    ],
    ["no signature at all", async () => Buffer.alloc(0), "team", /its signature was not made with/],
  ] as const) {
    it(what, async () => {
      await serve(await make());
      await bench.writePolicy(bench.file("own-policy.json"), key);
      const pulled = await bench.attempt("pull", name());
      assert.equal(pulled.code, 1);
      assert.match(pulled.stderr, reason);
      await assert.rejects(
        bench.copy(await bench.policyOf(key), bench.at("bad:1"), `dir:${bench.file("bad")}`),
      );
    });
  }

  it("a file that is larger than any signature", async () => {
    await bench.registry.push("large:1", image);
    await mkdir(bench.signaturesOf("large"), { recursive: true });
    await writeFile(join(bench.signaturesOf("large"), "signature-1"), Buffer.alloc(5 << 20, 0xff));
    await bench.writePolicy(bench.file("own-policy.json"), "team");
    const { stderr } = await bench.attempt("pull", `${bench.registry.host}/large:1`);
    assert.match(stderr, /cannot read the signature .*signature-1: it is larger than 131072 bytes/);
    await assert.rejects(
      bench.copy(await bench.policyOf("team"), bench.at("large:1"), `dir:${bench.file("large")}`),
    );
  });
});
