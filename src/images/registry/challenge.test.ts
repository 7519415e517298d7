import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseChallenges } from "./challenge.ts";

describe("parseChallenges", () => {
  it("reads the parameters of a token challenge", () => {
    const header = 'Bearer realm="https://auth.example/token",service="reg",scope="repository:a/b:pull,push"';
    assert.deepEqual(parseChallenges(header), [
      {
        scheme: "bearer",
        parameters: {
          realm: "https://auth.example/token",
          service: "reg",
          scope: "repository:a/b:pull,push",
        },
      },
    ]);
  });

  it("reads several challenges in one header", () => {
    const schemes = parseChallenges('Negotiate, BASIC realm="a \\"b\\"", Bearer Realm = x , service=y').map(
      ({ scheme, parameters }) => [scheme, parameters],
    );
    assert.deepEqual(schemes, [
      ["negotiate", {}],
      ["basic", { realm: 'a "b"' }],
      ["bearer", { realm: "x", service: "y" }],
    ]);
  });

  it("ends at what is malformed, in little time", () => {
    assert.deepEqual(parseChallenges(""), []);
    assert.deepEqual(parseChallenges('Bearer realm="open'), [{ scheme: "bearer", parameters: {} }]);
    parseChallenges(`Bearer ${'a="\\'.repeat(100_000)}`);
    parseChallenges(" ,".repeat(100_000));
  });
});
