import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createRegistryClient, type Proxies, parseReference, readProxies } from "../../src/images/index.ts";
import { usualHost } from "../../src/images/registry/hosts/usual-host.ts";
import { type FakeRegistry, startFakeRegistry } from "../../src/images/testing/fake-registry.ts";

/** A name that leads nowhere but through a proxy. */
const away = "registry.invalid";
const document = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [] };

/** A proxy that takes every name for a registry on this machine. */
async function startProxy(target: string) {
  const requests: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const [host = "", port = ""] = target.split(":");
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    authorizations.push(request.headers["proxy-authorization"]);
    const { method, headers } = request;
    const { pathname } = new URL(request.url ?? "");
    const onward = httpRequest({ host, port, path: pathname, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on("connect", (request, socket) => {
    requests.push(`CONNECT ${request.url}`);
    const onward = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [socket, onward]) end.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    authorizations,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

describe("a proxy", () => {
  let registry: FakeRegistry;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  beforeEach(async () => {
    registry = await startFakeRegistry();
    proxy = await startProxy(registry.host);
    registry.putManifest("a/b", "tag", document);
  });
  afterEach(async () => {
    await proxy[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });

  const pullFrom = async (host: string, proxies: Proxies, isPlain = true) => {
    const hosts = async (reference: { domain: string; path: string }) => [
      usualHost(reference, { isPlain: () => isPlain }),
    ];
    using client = createRegistryClient({ hosts, proxies: () => proxies, delay: async () => {} });
    return await client.repository(parseReference(`${host}/a/b:tag`)).manifest("tag");
  };

  it("is spoken to in the place of the registry", async () => {
    await pullFrom(away, readProxies({ http_proxy: proxy.address }));
    assert.deepEqual(proxy.requests, [`GET http://${away}/v2/a/b/manifests/tag`]);
  });

  it("gets the name and the password of its address, and no error tells them", async () => {
    await pullFrom(away, readProxies({ HTTP_PROXY: `http://me:secret@${proxy.address}` }));
    assert.deepEqual(proxy.authorizations, [`Basic ${btoa("me:secret")}`]);
    const nobody = readProxies({ HTTP_PROXY: "http://me:secret@127.0.0.1:1" });
    await assert.rejects(pullFrom(away, nobody), (error: Error) => {
      assert.doesNotMatch(JSON.stringify([error.message, error]), /secret/);
      return true;
    });
  });

  it("is asked for a tunnel where the registry speaks https", async () => {
    await assert.rejects(pullFrom(away, readProxies({ ALL_PROXY: `http://${proxy.address}` }), false), {
      kind: "unavailable",
    });
    assert.equal(proxy.requests[0], `CONNECT ${away}:443`);
  });

  it("is not on the way to this machine, nor to what is excepted", async () => {
    const proxies = readProxies({ HTTP_PROXY: proxy.address, NO_PROXY: ".invalid" });
    await pullFrom(registry.host, proxies);
    await assert.rejects(pullFrom(away, proxies), { code: "IMAGE_REGISTRY_UNREACHABLE" });
    assert.deepEqual(proxy.requests, []);
  });

  it("must be one that is spoken to over http", () => {
    for (const HTTPS_PROXY of ["socks5://127.0.0.1:1080", "http://["]) {
      assert.throws(() => readProxies({ HTTPS_PROXY }), {
        code: "IMAGE_REGISTRY_PROXY",
        message: /^cannot use HTTPS_PROXY: it is no address/,
      });
    }
    assert.deepEqual(readProxies({ HTTP_PROXY: "" }), {});
  });
});
