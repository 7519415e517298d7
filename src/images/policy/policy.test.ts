import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sha256 } from "../../base/index.ts";
import { parseReference, type Reference } from "../reference.ts";
import { parsePolicy, scopesOf } from "./policy.ts";
import { fitsIdentity } from "./signed-identity.ts";

const file = "/etc/tug/policy.json";
const accept = { type: "insecureAcceptAnything" };
const reject = { type: "reject" };
const signed = { type: "sigstoreSigned", keyPath: "/k.pub" };

describe("a policy", () => {
  it("looks for the most special scope, and for no other", () => {
    const kinds = (docker: object | undefined) => {
      const transports = docker && { docker };
      const policy = parsePolicy(
        JSON.stringify({ default: [reject], ...(transports && { transports }) }),
        file,
      );
      return policy.requirementsFor(parseReference("one.example:5000/team/app:1")).map(({ place }) => place);
    };
    assert.deepEqual(kinds(undefined), [`${file}#/default/0`]);
    const scopes = [
      "",
      "*.example",
      "one.example:5000",
      "one.example:5000/team",
      "one.example:5000/team/app",
      "one.example:5000/team/app:1",
    ];
    for (const [index, scope] of scopes.entries()) {
      const docker = Object.fromEntries(scopes.slice(0, index + 1).map((each) => [each, [accept, signed]]));
      const pointer = `/transports/docker/${scope.replaceAll("/", "~1")}`;
      assert.deepEqual(kinds(docker), [`${file}#${pointer}/0`, `${file}#${pointer}/1`]);
    }
    for (const other of [
      "one.example",
      "one.example:5000/te",
      "team/app",
      "*.com",
      "one.example:5000/team/app:2",
    ]) {
      assert.deepEqual(kinds({ [other]: [accept] }), [`${file}#/default/0`], other);
    }
  });

  it("has scopes for digests, short names and hosts of many labels", () => {
    const digest = sha256("x");
    assert.deepEqual(scopesOf(parseReference(`debian@${digest}`)), [
      `docker.io/library/debian@${digest}`,
      "docker.io/library/debian",
      "docker.io/library",
      "docker.io",
      "*.io",
      "",
    ]);
    assert.deepEqual(scopesOf(parseReference("a.b.c.example/x")).slice(2), [
      "a.b.c.example",
      "*.b.c.example",
      "*.c.example",
      "*.example",
      "",
    ]);
    assert.deepEqual(scopesOf(parseReference("localhost/x")).slice(2), ["localhost", ""]);
    assert.deepEqual(scopesOf(undefined), []);
  });

  it("has only the default for an image without a name, which is of no registry", () => {
    const text = JSON.stringify({ default: [{ type: "reject" }], transports: { docker: { "": [accept] } } });
    const kinds = (reference: Reference | undefined) =>
      parsePolicy(text, file)
        .requirementsFor(reference)
        .map(({ kind }) => kind);
    assert.deepEqual(kinds(parseReference("debian")), ["accept"]);
    assert.deepEqual(kinds(undefined), ["reject"]);
  });

  it("knows what it cannot check", () => {
    const kinds = (requirement: object) =>
      parsePolicy(JSON.stringify({ default: [requirement] }), file)
        .requirementsFor(undefined)
        .map((each) => (each.kind === "unknown" ? each.what : each.kind));
    assert.deepEqual(kinds(signed), ["signed"]);
    assert.deepEqual(kinds({ type: "signedBy", keyType: "GPGKeys", keyPath: "/k.gpg" }), ["signed"]);
    assert.deepEqual(kinds({ type: "signedBy", keyType: "X509Certificates", keyPath: "/k.pem" }), [
      "signedBy with X509Certificates",
    ]);
    assert.deepEqual(kinds({ ...signed, rekorPublicKeyPath: "/r.pub" }), [
      "sigstoreSigned with rekorPublicKeyPath",
    ]);
    assert.deepEqual(kinds({ type: "sigstoreSigned", fulcio: { caPath: "/ca" } }), [
      "sigstoreSigned with fulcio",
    ]);
    assert.deepEqual(kinds({ type: "signedBaseLayer", baseLayerIdentity: { type: "matchExact" } }), [
      "signedBaseLayer",
    ]);
  });

  const policy = (...requirements: object[]) => JSON.stringify({ default: requirements });
  for (const [what, text, pointer] of [
    ["what is no JSON", "{", "/"],
    ["a comment", '{"default":[{"type":"reject"}]} // no', "/"],
    ["nothing", "", "/"],
    ["a list", "[]", "/default"],
    ["no default", "{}", "/default"],
    ["no requirement", policy(), "/default"],
    ["a requirement of no type", policy({}), "/default/0/type"],
    ["a type that nobody knows", policy(accept, { type: "acceptAnything" }), "/default/1/type"],
    ["a member that nobody knows", policy({ ...signed, until: 2030 }), "/default/0/until"],
    ["a part that nobody knows", JSON.stringify({ default: [accept], extra: {} }), "/extra"],
    ["no key", policy({ type: "sigstoreSigned" }), "/default/0"],
    ["two keys", policy({ ...signed, keyData: "AAAA" }), "/default/0"],
    ["a key that is no base64", policy({ type: "sigstoreSigned", keyData: "?" }), "/default/0/keyData"],
    [
      "an identity that nobody knows",
      policy({ ...signed, signedIdentity: { type: "any" } }),
      "/default/0/signedIdentity/type",
    ],
    [
      "a repository with a tag",
      policy({ ...signed, signedIdentity: { type: "exactRepository", dockerRepository: "a:1" } }),
      "/default/0/signedIdentity/dockerRepository",
    ],
    [
      "a reference without a tag",
      policy({ ...signed, signedIdentity: { type: "exactReference", dockerReference: "a" } }),
      "/default/0/signedIdentity/dockerReference",
    ],
    [
      "a prefix with a tag",
      policy({
        ...signed,
        signedIdentity: { type: "remapIdentity", prefix: "a.example/b:1", signedPrefix: "c" },
      }),
      "/default/0/signedIdentity/prefix",
    ],
    [
      "a scope of nothing",
      JSON.stringify({ default: [accept], transports: { docker: { "a.example/x": [] } } }),
      "/transports/docker/a.example~1x",
    ],
    [
      "another transport of nothing",
      JSON.stringify({ default: [accept], transports: { dir: { "": [{}] } } }),
      "/transports/dir//0/type",
    ],
    ["a member twice", '{"default":[{"type":"reject","type":"insecureAcceptAnything"}]}', "/default/0/type"],
    [
      "a scope twice, written otherwise",
      '{"default":[{"type":"reject"}],"transports":{"docker":{"a":[{"type":"reject"}],"\\u0061":[{"type":"insecureAcceptAnything"}]}}}',
      "/transports/docker/a",
    ],
  ] as const) {
    it(`refuses everything with ${what}`, () => {
      assert.throws(
        () => parsePolicy(text, file),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, "IMAGE_POLICY");
          assert.ok(error.message.startsWith(`cannot follow the policy ${file}#${pointer}: `), error.message);
          return true;
        },
      );
    });
  }

  it("is not taken for one with members twice because of texts, lists and objects beside one another", () => {
    const requirement = { type: "sigstoreSigned", keyPaths: ["type", "{", '"type":', "\\"] };
    const text = policy(requirement, requirement, accept);
    assert.equal(parsePolicy(text, file).requirementsFor(undefined).length, 3);
  });
});

describe("the name in a signature", () => {
  const digest = sha256("x");
  const tagged = parseReference("a.example/b/app:1");
  const byDigest = parseReference(`a.example/b/app@${digest}`);
  const remap = (prefix: string, signedPrefix: string) =>
    ({ type: "remapIdentity", prefix, signedPrefix }) as const;
  const exact = { type: "matchExact" } as const;
  const usual = { type: "matchRepoDigestOrExact" } as const;
  const repository = { type: "matchRepository" } as const;
  for (const [identity, image, name, expected] of [
    [exact, tagged, "a.example/b/app:1", true],
    [exact, tagged, "a.example/b/app:2", false],
    [exact, tagged, "a.example/b/app", false],
    [exact, byDigest, "a.example/b/app:1", false],
    [exact, byDigest, `a.example/b/app@${digest}`, true],
    [exact, undefined, "a.example/b/app:1", false],
    [usual, tagged, "a.example/b/app:1", true],
    [usual, tagged, "a.example/b/app:2", false],
    [usual, tagged, "a.example/b/app", false],
    [usual, byDigest, "a.example/b/app:2", true],
    [usual, byDigest, "a.example/b/app", true],
    [usual, byDigest, "a.example/b/other:1", false],
    [usual, parseReference("debian"), "debian:latest", true],
    [usual, parseReference("debian"), "index.docker.io/library/debian:latest", true],
    [repository, tagged, "a.example/b/app", true],
    [repository, tagged, "a.example/b/app:7", true],
    [repository, tagged, "a.example/b/apps:7", false],
    [repository, tagged, "no reference", false],
    [repository, tagged, "", false],
    [repository, undefined, "a.example/b/app", false],
    [{ type: "exactReference", dockerReference: "c.example/x:1" }, tagged, "c.example/x:1", true],
    [{ type: "exactReference", dockerReference: "c.example/x:1" }, undefined, "c.example/x:1", true],
    [{ type: "exactReference", dockerReference: "c.example/x:1" }, tagged, "c.example/x:2", false],
    [{ type: "exactReference", dockerReference: "c.example/x:1" }, tagged, "c.example/x", false],
    [{ type: "exactRepository", dockerRepository: "c.example/x" }, tagged, "c.example/x:2", true],
    [{ type: "exactRepository", dockerRepository: "c.example/x" }, tagged, "a.example/b/app:1", false],
    [remap("a.example", "c.example/mirror"), tagged, "c.example/mirror/b/app:1", true],
    [remap("a.example", "c.example/mirror"), tagged, "a.example/b/app:1", false],
    [remap("a.example/b", "c.example"), tagged, "c.example/app:1", true],
    [remap("a.example/b/app", "c.example/x"), tagged, "c.example/x:1", true],
    [remap("a.example/b/app", "c.example/x"), byDigest, "c.example/x:9", true],
    [remap("a.example/b/ap", "c.example/x"), tagged, "c.example/xp:1", false],
    [remap("d.example", "c.example"), tagged, "a.example/b/app:1", true],
    [remap("a.example", "c.example"), undefined, "c.example/b/app:1", false],
  ] as const) {
    const of = image === undefined ? "nothing" : image.tag === undefined ? "a digest" : image.path;
    it(`${name} ${expected ? "fits" : "does not fit"} ${of} by ${JSON.stringify(identity)}`, () => {
      assert.equal(fitsIdentity(identity, image, name), expected);
    });
  }
});
