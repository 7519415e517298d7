import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { sha256 } from "../../src/base/index.ts";
import { configuredHosts, createRegistryClient, parseReference } from "../../src/images/index.ts";
import { temporaryDirectory } from "../environment/index.ts";
import { run } from "./store.ts";

const skip = spawnSync("openssl", ["version"]).status === 0 ? false : "openssl is not installed";
const manifest = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';

/** A server with a certificate for localhost that nobody else trusts. */
async function startServer({ wantsClient = false } = {}) {
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
  const identity = { key: await readFile(key), cert: ca };
  const options = wantsClient ? { ...identity, ca, requestCert: true, rejectUnauthorized: true } : identity;
  const server = createServer(options, (request, response) => {
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
    files: { key, certificate },
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

/** A client that finds its hosts by files in a directory. */
async function openConfigured() {
  await using scope = new AsyncDisposableStack();
  const { path } = scope.use(await temporaryDirectory());
  const files = { directories: [join(path, "certs.d")], registriesConf: join(path, "registries.conf") };
  const client = scope.use(createRegistryClient({ hosts: configuredHosts({ files, isPlain: () => false }) }));
  const open = scope.move();
  return {
    async directoryOf(host: string): Promise<string> {
      const directory = join(path, "certs.d", host);
      await mkdir(directory, { recursive: true });
      return directory;
    },
    manifest: (host: string) => client.repository(parseReference(`${host}/a`)).manifest("latest"),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

test("certificates beside others of their kind make a registry trusted", { skip }, async () => {
  await using server = await startServer();
  await using configured = await openConfigured();
  await assert.rejects(configured.manifest(server.host), { code: "IMAGE_REGISTRY_CERTIFICATE" });
  await copyFile(server.files.certificate, join(await configured.directoryOf(server.host), "ca.crt"));
  await configured.manifest(server.host);
});

test("a registry that wants to know us gets our certificate, also as hosts.toml names it", {
  skip,
}, async () => {
  await using server = await startServer({ wantsClient: true });
  await using configured = await openConfigured();
  const directory = await configured.directoryOf(server.host);
  await copyFile(server.files.certificate, join(directory, "ca.crt"));
  await assert.rejects(configured.manifest(server.host), { kind: "unavailable" });
  await copyFile(server.files.certificate, join(directory, "client.cert"));
  await copyFile(server.files.key, join(directory, "client.key"));
  await configured.manifest(server.host);
  const { certificate, key } = server.files;
  await writeFile(
    join(directory, "hosts.toml"),
    `ca = "${certificate}"\nclient = [["${certificate}", "${key}"]]\n`,
  );
  await configured.manifest(server.host);
});

test("a registry that nobody vouches for is trusted where its settings say so", { skip }, async () => {
  await using server = await startServer();
  await using configured = await openConfigured();
  const directory = await configured.directoryOf(server.host);
  await writeFile(join(directory, "hosts.toml"), "skip_verify = true\n");
  await configured.manifest(server.host);
});
