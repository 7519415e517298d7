import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type FakeRegistry, type Fault, refuse, reply, startFakeRegistry } from "../testing/fake-registry.ts";
import { createRegistryClient } from "./client.ts";

describe("search of a registry", () => {
  let registry: FakeRegistry;
  beforeEach(async () => {
    registry = await startFakeRegistry();
  });
  afterEach(() => registry[Symbol.asyncDispose]());

  const search = (term: string, limit = 25) =>
    createRegistryClient({ delay: async () => {} }).search(registry.host, { term, limit });
  const unknown = { description: "", stars: 0, isOfficial: false, isAutomated: false };

  it("asks the search where there is one", async () => {
    const results = [
      { name: "box", description: "Small", star_count: 7, is_official: true, is_automated: false },
      { name: "team/box", star_count: "many" },
    ];
    registry.faults.push(reply(200, {}, JSON.stringify({ results })));
    assert.deepEqual(await search("b&x", 2), [
      { name: "box", description: "Small", stars: 7, isOfficial: true, isAutomated: false },
      { name: "team/box", ...unknown },
    ]);
    assert.deepEqual(registry.requests, ["GET /v1/search?q=b%26x&n=2"]);
  });

  it("looks through the list of repositories elsewhere, and no further than it must", async () => {
    const page = (repositories: string[], next: string) =>
      reply(200, { link: `</v2/_catalog?last=${next}>; rel="next"` }, JSON.stringify({ repositories }));
    const noSearch: Fault = (_request, response) => refuse(response, 404, "NONE");
    const answers = [noSearch, page(["a/box", "b"], "b"), page(["box", "c/boxes"], "c")];
    registry.faults.push((...asked) => answers.shift()?.(...asked) ?? false);
    assert.deepEqual(
      (await search("box", 2)).map(({ name }) => name),
      ["a/box", "box"],
    );
    assert.deepEqual(registry.requests.slice(1), ["GET /v2/_catalog?n=1000", "GET /v2/_catalog?last=b"]);
  });

  for (const [what, body] of [
    ["is no JSON", "<html>"],
    ["has no results", '{"found":[]}'],
    ["has what is no name", '{"results":[{"name":"../../x y"}]}'],
  ] as const) {
    it(`refuses an answer that ${what}`, async () => {
      registry.faults.push(reply(200, {}, body));
      await assert.rejects(search("box"), { code: "IMAGE_REGISTRY_PROTOCOL" });
    });
  }

  for (const domain of ["..", "a b.example", "user@127.0.0.1:1", "127.0.0.1:1?", "127.0.0.1:99999", ""]) {
    it(`refuses ${JSON.stringify(domain)}, which is no registry's host, before files are looked for by it`, async () => {
      using client = createRegistryClient({ hosts: () => assert.fail("looked for") });
      const refusal = { code: "IMAGE_REFERENCE", kind: "invalid" };
      await assert.rejects(client.search(domain, { term: "box", limit: 1 }), refusal);
      await assert.rejects(client.logIn(domain, { username: "a", password: "b" }), refusal);
    });
  }
});
