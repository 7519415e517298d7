import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { silentLogger } from "../../base/index.ts";
import { framed, readFrames } from "./forward.ts";
import { answerQuery, parseQuery, responseCodes } from "./message.ts";
import { parseResolvConf } from "./resolvers.ts";
import { type NameTable, serveNames } from "./server.ts";

const table: Readonly<Record<string, readonly string[]>> = {
  web: ["10.9.0.2", "fd00::2"],
  db: ["10.9.0.3"],
  shared: ["10.9.0.2", "10.9.0.3"],
};
const names: NameTable = {
  addressesOf: (name) => table[name],
  nameOf: (address) => Object.keys(table).find((name) => table[name]?.includes(address)),
};

async function serve(upstream: readonly string[] = []) {
  return await serveNames({
    address: "127.0.0.1",
    port: 0,
    names,
    upstream: () => upstream,
    logger: silentLogger,
  });
}

function resolver(port: number): Resolver {
  const made = new Resolver({ timeout: 2000, tries: 1 });
  made.setServers([`127.0.0.1:${port}`]);
  return made;
}

/** A query for an A record as bytes. */
function question(name: string, id = 7): Buffer {
  const labels = name.split(".").flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Buffer.from([0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1]);
}

test("names of the network lead to addresses, and addresses to names", async () => {
  await using server = await serve();
  const ask = resolver(server.port);
  assert.deepEqual(await ask.resolve4("web"), ["10.9.0.2"]);
  assert.deepEqual(await ask.resolve6("WEB"), ["fd00::2"]);
  assert.deepEqual((await ask.resolve4("shared")).sort(), ["10.9.0.2", "10.9.0.3"]);
  assert.deepEqual(await ask.reverse("10.9.0.3"), ["db"]);
  assert.deepEqual(await ask.reverse("fd00::2"), ["web"]);
  await assert.rejects(ask.resolve6("db"), { code: "ENODATA" });
});

test("other names are asked for elsewhere, and a silent or refusing server is passed over", async () => {
  const upstream = createSocket("udp4");
  upstream.on("message", (message, { port, address }) => {
    const query = parseQuery(message);
    assert.ok(query);
    upstream.send(
      answerQuery(query, [{ family: 4, value: 0x01020304n }], responseCodes.SUCCESS),
      port,
      address,
    );
  });
  upstream.bind(0, "127.0.0.1");
  await once(upstream, "listening");
  const refusing = "127.0.0.1#1";
  await using server = await serve([refusing, `127.0.0.1#${upstream.address().port}`]);
  assert.deepEqual(await resolver(server.port).resolve4("example.org"), ["1.2.3.4"]);
  assert.deepEqual(await resolver(server.port).resolve4("web"), ["10.9.0.2"]);
  upstream.close();
});

test("where nobody answers the client is told", async () => {
  await using server = await serve();
  await assert.rejects(resolver(server.port).resolve4("example.org"), { code: "ESERVFAIL" });
});

test("queries over a stream, one after the other", async () => {
  await using server = await serve();
  const client = connect(server.port, "127.0.0.1");
  client.write(Buffer.concat([framed(question("web", 1)), framed(question("db", 2))]));
  const ids: number[] = [];
  for await (const reply of readFrames(client)) {
    ids.push(reply.readUInt16BE(0));
    assert.equal(reply.readUInt16BE(6), 1);
    if (ids.length === 2) break;
  }
  assert.deepEqual(ids, [1, 2]);
});

test("what is no query is refused or ignored, and the server goes on", async () => {
  await using server = await serve();
  const client = createSocket("udp4");
  client.bind(0, "127.0.0.1");
  const whole = question("web");
  const cut = Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length));
  const loop = Buffer.concat([whole.subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])]);
  for (const message of [...cut, loop, Buffer.alloc(600, 0xff)])
    client.send(message, server.port, "127.0.0.1");
  assert.deepEqual(await resolver(server.port).resolve4("web"), ["10.9.0.2"]);
  client.close();
  assert.equal(parseQuery(loop), undefined);
  for (const message of cut) assert.equal(parseQuery(message), undefined);
});

test("resolv.conf is read as resolvers do", () => {
  const text =
    "# c\nnameserver 1.1.1.1\nnameserver nonsense\nnameserver fe80::1%eth0 ; x\nsearch a b\ndomain c\noptions ndots:2 rotate\n";
  assert.deepEqual(parseResolvConf(text), {
    servers: ["1.1.1.1", "fe80::1%eth0"],
    search: ["c"],
    options: ["ndots:2", "rotate"],
  });
});
