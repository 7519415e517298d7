import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { requireRoot, startTug } from "../environment/index.ts";

test("the engine uses the proxies of whoever started it", { skip: requireRoot() }, async () => {
  await using scope = new AsyncDisposableStack();
  const asked: (string | undefined)[] = [];
  const proxy = createServer();
  scope.defer(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  proxy.on("connect", (request, socket) => {
    asked.push(request.url);
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const tug = scope.use(await startTug());
  const env = { https_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
  const { code, stderr } = await tug.tug(["pull", "registry.invalid/a"], { env });
  assert.equal(code, 1);
  assert.match(stderr, /^tug: cannot pull registry\.invalid\/a:latest: /);
  assert.equal(asked[0], "registry.invalid:443");
});
