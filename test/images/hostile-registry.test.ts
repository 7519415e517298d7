import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, it } from "node:test";
import {
  type FakeRegistry,
  redirect,
  reply,
  requireToken,
  startFakeRegistry,
} from "../../src/images/testing/fake-registry.ts";
import { openTestImages, type TestImages } from "../../src/images/testing/open-images.ts";
import { sampleImage, serveImage } from "../../src/images/testing/sample-image.ts";

/** Sends bytes until nobody takes them any more, and tells how many went out. */
function pourInto(response: ServerResponse, status = 200): () => number {
  const chunk = Buffer.alloc(64 * 1024, 0x20);
  let sent = 0;
  response.writeHead(status);
  const pour = () => {
    while (!response.destroyed) {
      sent += chunk.length;
      if (!response.write(chunk)) break;
    }
  };
  response.on("drain", pour);
  pour();
  return () => sent;
}

describe("a hostile registry", () => {
  let registry: FakeRegistry;
  let subject: TestImages;
  beforeEach(async () => {
    registry = await startFakeRegistry();
    subject = await openTestImages();
  });
  afterEach(async () => {
    await subject[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });
  const pull = () => subject.images.pull(`${registry.host}/a/b:latest`);

  /** Nothing of it stays, and the next pull from it works. */
  async function assertUnharmed() {
    assert.deepEqual(await subject.contents(), { blobs: [], ingests: [], snapshots: [] });
    registry.faults.splice(0);
    serveImage(registry, sampleImage());
    await pull();
  }

  it("may send a manifest without end", async () => {
    let sent = () => 0;
    registry.faults.push((request, response) => {
      if (request.method === "HEAD") response.end();
      else sent = pourInto(response);
      return true;
    });
    await assert.rejects(pull(), { code: "IMAGE_CONTENT_SIZE" });
    assert.ok(sent() < 32 * 1024 * 1024, String(sent()));
    await assertUnharmed();
  });

  it("may send a layer without end", async () => {
    const image = sampleImage();
    serveImage(registry, image);
    const [layer] = image.manifest.layers;
    registry.faults.push((request, response) => {
      if (!request.url?.endsWith(layer?.digest ?? "")) return false;
      pourInto(response);
      return true;
    });
    await assert.rejects(pull(), { kind: "dataLoss" });
    await assertUnharmed();
  });

  it("may send an error without end", async () => {
    registry.faults.push((request, response) => {
      if (request.method === "HEAD") response.end();
      else pourInto(response, 404);
      return true;
    });
    await assert.rejects(pull(), { code: "IMAGE_REGISTRY_NOT_FOUND" });
    await assertUnharmed();
  });

  it("may send a token without end", async () => {
    registry.faults.push((request, response) => {
      if (!request.url?.startsWith("/token")) return false;
      pourInto(response);
      return true;
    }, requireToken(registry.host));
    await assert.rejects(pull(), { code: "IMAGE_CONTENT_SIZE" });
    await assertUnharmed();
  });

  it("may give a token that would break out of its header", async () => {
    registry.faults.push(requireToken(registry.host, { answer: () => ({ token: "a\r\nHost: evil" }) }));
    await assert.rejects(pull(), { code: "IMAGE_REGISTRY_PROTOCOL" });
    await assertUnharmed();
  });

  it("may name a token server that is everywhere but on this machine", async () => {
    for (const realm of ["http://192.0.2.1/token", "ftp://127.0.0.1/", "not an address", ""]) {
      registry.faults.splice(0, 1, reply(401, { "www-authenticate": `Bearer realm="${realm}"` }));
      await assert.rejects(pull(), { code: "IMAGE_REGISTRY_PROTOCOL" });
    }
    await assertUnharmed();
  });

  it("may send more headers than fit", async () => {
    registry.faults.push(reply(200, { "x-large": "x".repeat(64 * 1024) }));
    await assert.rejects(pull(), { code: "IMAGE_REGISTRY_PROTOCOL" });
    await assertUnharmed();
  });

  it("may answer with a page for people", async () => {
    registry.faults.push(reply(200, { "content-type": "text/html" }, "<html>log in first</html>"));
    await assert.rejects(pull(), { code: "OCI_IMAGE_JSON" });
    await assertUnharmed();
  });

  it("may lead in circles", async () => {
    registry.faults.push((request, response) => redirect(`${request.url}x`)(request, response));
    await assert.rejects(pull(), { code: "IMAGE_REGISTRY_PROTOCOL", message: /more than 10 redirects/ });
    await assertUnharmed();
  });

  it("may write to the terminal of whoever reads its errors", async () => {
    const body = JSON.stringify({ errors: [{ code: "X", message: "\u001b[2J\u0007gone\nnew line" }] });
    registry.faults.push(
      (request, response) => request.method === "GET" && reply(404, {}, body)(request, response),
    );
    registry.faults.push(reply(200));
    await assert.rejects(pull(), ({ message }: Error) => {
      assert.match(message, /X: +\[2J gone new line/);
      return /^[\x20-\x7e]*$/.test(message);
    });
    await assertUnharmed();
  });

  it("may announce sizes that are none", async () => {
    const image = sampleImage();
    for (const size of [-1, 1.5, 2 ** 60, Number.MAX_VALUE, "7"]) {
      const layers = image.manifest.layers.map((layer) => ({ ...layer, size }));
      registry.putManifest("a/b", "latest", { ...image.manifest, layers });
      await assert.rejects(pull(), { code: "OCI_IMAGE_INVALID" });
    }
    await assertUnharmed();
  });

  it("may announce layers that fill every disk", async () => {
    const image = sampleImage();
    const layers = image.manifest.layers.map((layer) => ({ ...layer, size: 2 ** 52 }));
    serveImage(registry, image);
    registry.putManifest("a/b", "latest", { ...image.manifest, layers });
    await assert.rejects(pull(), { kind: "dataLoss" });
    await assertUnharmed();
  });

  it("is asked for a bounded number of blobs at a time", async () => {
    const layers = Array.from({ length: 30 }, (_, index) => ({ [`file${index}`]: String(index) }));
    const image = sampleImage({ layers });
    serveImage(registry, image);
    let [now, most] = [0, 0];
    registry.faults.push((request, response) => {
      if (!request.url?.includes("/blobs/")) return false;
      now += 1;
      most = Math.max(most, now);
      setTimeout(() => {
        now -= 1;
        response.end(registry.blob(request.url?.split("/").at(-1) ?? ""));
      }, 10);
      return true;
    });
    await pull();
    assert.ok(most >= 2 && most <= 4, String(most));
  });
});
