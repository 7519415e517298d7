import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { sha256 } from "../../src/base/index.ts";
import { createRegistryClient, parseReference } from "../../src/images/index.ts";
import { temporaryDirectory } from "../environment/index.ts";
import { run } from "./store.ts";

const skip = spawnSync("openssl", ["version"]).status === 0 ? false : "openssl is not installed";
const manifest = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';

/** A server with a certificate for localhost that nobody else trusts. */
async function startServer() {
  await using scope = new AsyncDisposableStack();
  const { path } = scope.use(await temporaryDirectory());
  const [key, certificate] = [join(path, "key.pem"), join(path, "certificate.pem")];
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...[
      "-keyout",
      key,
      "-out",
      certificate,
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=DNS:localhost",
    ],
  ]);
  const ca = await readFile(certificate, "utf8");
  const server = createServer({ key: await readFile(key), cert: ca }, (request, response) => {
    if (request.url?.includes("downgrade")) {
      response.writeHead(307, { location: "http://127.0.0.1:1/v2/" }).end();
    } else
      response.writeHead(200, { "content-type": "application/vnd.oci.image.index.v1+json" }).end(manifest);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  scope.defer(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const open = scope.move();
  return {
    ca,
    host: `localhost:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

test("a registry whose certificate authority is known is spoken to", { skip }, async () => {
  await using server = await startServer();
  using client = createRegistryClient({ isPlain: () => false, ca: [server.ca] });
  const { descriptor } = await client.repository(parseReference(`${server.host}/a`)).manifest("latest");
  assert.equal(descriptor.digest, sha256(manifest));
});

test("a registry whose certificate authority is unknown is not", { skip }, async () => {
  await using server = await startServer();
  using client = createRegistryClient({ isPlain: () => false });
  await assert.rejects(client.repository(parseReference(`${server.host}/a`)).manifest("latest"), {
    code: "IMAGE_REGISTRY_CERTIFICATE",
    kind: "unavailable",
    message: new RegExp(
      `^cannot pull ${server.host}/a:latest: the connection to registry ${server.host} failed: `,
    ),
    hint: /certificate authority/,
  });
});

test("no redirect leads from https to http", { skip }, async () => {
  await using server = await startServer();
  using client = createRegistryClient({ isPlain: () => false, ca: [server.ca] });
  await assert.rejects(client.repository(parseReference(`${server.host}/a`)).manifest("downgrade"), {
    code: "IMAGE_REGISTRY_PROTOCOL",
    message: /a redirect from https:/,
  });
});

test("a server that speaks plain http where https is due is told apart", { skip }, async () => {
  await using server = await startServer();
  using client = createRegistryClient({ isPlain: () => true, delay: async () => {} });
  await assert.rejects(client.repository(parseReference(`${server.host}/a`)).manifest("latest"), {
    kind: "unavailable",
  });
});
