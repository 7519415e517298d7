import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { mediaTypes } from "../../specs/index.ts";
import { parseReference } from "../reference.ts";
import { type FakeRegistry, reply, requireToken, startFakeRegistry } from "../testing/fake-registry.ts";
import { createRegistryClient } from "./client.ts";

const document = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] };

describe("registry client", () => {
  let registry: FakeRegistry;
  beforeEach(async () => {
    registry = await startFakeRegistry();
  });
  afterEach(() => registry[Symbol.asyncDispose]());

  const client = () => createRegistryClient({ delay: async () => {} });
  const reference = () => parseReference(`${registry.host}/a/b`);

  it("lists all tags, page by page", async () => {
    for (const tag of ["1", "2", "3", "4", "5"]) registry.putManifest("a/b", tag, document);
    assert.deepEqual(await client().repository(reference()).tags(), ["1", "2", "3", "4", "5"]);
    assert.equal(registry.requests.length, 3);
  });

  it("takes no tags for none", async () => {
    registry.faults.push(reply(200, {}, '{"name":"a/b","tags":null}'));
    assert.deepEqual(await client().repository(reference()).tags(), []);
  });

  for (const [what, headers, body] of [
    ["is no list", {}, "{"],
    ["has what is no tag", {}, '{"tags":["../.."]}'],
    ["goes on elsewhere", { link: '<http://192.0.2.1/>; rel="next"' }, '{"tags":["1"]}'],
  ] as const) {
    it(`refuses a list of tags that ${what}`, async () => {
      registry.faults.push(reply(200, headers, body));
      await assert.rejects(client().repository(reference()).tags(), { code: "IMAGE_REGISTRY_PROTOCOL" });
    });
  }

  it("does not read a list that never ends", async () => {
    const body = JSON.stringify({ tags: Array.from({ length: 50_000 }, (_, index) => `t${index}`) });
    registry.faults.push(reply(200, { link: '</v2/a/b/tags/list>; rel="next"' }, body));
    await assert.rejects(client().repository(reference()).tags(), { code: "IMAGE_REGISTRY_PROTOCOL" });
  });

  it("deletes a manifest with the right to do so", async () => {
    const { digest } = registry.putManifest("a/b", "1", document);
    registry.faults.push(requireToken(registry.host));
    await client().writer(reference(), { verb: "delete" }).deleteManifest(digest);
    assert.equal(registry.tagged("a/b", "1"), undefined);
    const asked = registry.requests.find((each) => each.includes("/token")) ?? "";
    assert.match(decodeURIComponent(asked), /scope=repository:a\/b:pull,push,delete/);
    await assert.rejects(client().writer(reference(), { verb: "delete" }).deleteManifest(digest), {
      code: "IMAGE_REGISTRY_NOT_FOUND",
      message: /^cannot delete /,
    });
  });
});
