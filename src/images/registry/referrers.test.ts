import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { sha256 } from "../../base/index.ts";
import { mediaTypes } from "../../specs/index.ts";
import { parseReference } from "../reference.ts";
import { type FakeRegistry, reply, startFakeRegistry } from "../testing/fake-registry.ts";
import { createRegistryClient } from "./client.ts";

const subject = sha256("subject");
const entry = (text: string) => ({
  mediaType: mediaTypes.manifest,
  digest: sha256(text),
  size: text.length,
  artifactType: "application/x",
});
const index = (...texts: string[]) => ({
  schemaVersion: 2,
  mediaType: mediaTypes.index,
  manifests: texts.map(entry),
});

describe("referrers", () => {
  let registry: FakeRegistry;
  beforeEach(async () => {
    registry = await startFakeRegistry();
  });
  afterEach(() => registry[Symbol.asyncDispose]());
  const list = () =>
    createRegistryClient({ delay: async () => {} })
      .repository(parseReference(`${registry.host}/a/b`))
      .referrers(subject);

  it("are listed page by page", async () => {
    const pages = [index("one", "two"), index("three")];
    registry.faults.push((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "", "http://fake");
      if (pathname !== `/v2/a/b/referrers/${subject}`) return false;
      const page = Number(searchParams.get("page") ?? 0);
      const link = page === 0 ? { link: `<?page=1>; rel="next"` } : {};
      response.writeHead(200, { "content-type": mediaTypes.index, ...link }).end(JSON.stringify(pages[page]));
      return true;
    });
    assert.deepEqual(await list(), ["one", "two", "three"].map(entry));
  });

  for (const status of [400, 404, 405]) {
    it(`are those listed under a tag where the registry answers ${status}`, async () => {
      registry.faults.push((request, response) => {
        if (!request.url?.includes("/referrers/")) return false;
        response.writeHead(status).end();
        return true;
      });
      assert.deepEqual(await list(), []);
      registry.putManifest("a/b", subject.replace(":", "-"), index("one"));
      assert.deepEqual(await list(), [entry("one")]);
    });
  }

  for (const [what, headers, body, code] of [
    ["is no index", {}, "{", "OCI_IMAGE_JSON"],
    ["lists what has no digest", {}, '{"schemaVersion":2,"manifests":[{}]}', "OCI_IMAGE_INVALID"],
    [
      "goes on elsewhere",
      { link: '<http://192.0.2.1/>; rel="next"' },
      JSON.stringify(index("one")),
      "IMAGE_REGISTRY_PROTOCOL",
    ],
  ] as const) {
    it(`are refused when the list ${what}`, async () => {
      registry.faults.push(reply(200, headers, body));
      await assert.rejects(list(), { code });
    });
  }
});
