import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { connectSystemd, type UnitProperty, userSockets } from "./manager.ts";
import { decodeMessage, encodeMessage, type Message, messageTypes } from "./message.ts";
import type { DbusValue } from "./signature.ts";

const directory = mkdtempSync(join(tmpdir(), "tug-bus-"));
after(() => rmSync(directory, { recursive: true }));

type Answer = {
  refusal?: string;
  signature?: string;
  body?: readonly DbusValue[];
  signal?: Partial<Message>;
};
type Listening = AsyncDisposable & { readonly path: string; readonly calls: string[] };

/** A server that speaks D-Bus and answers calls by their member. */
async function listening(
  answer: (member: string, body: readonly DbusValue[]) => Answer,
  says = "OK 0123",
): Promise<Listening> {
  const path = join(directory, `socket-${Math.random()}`);
  const calls: string[] = [];
  const server: Server = createServer((socket) => {
    let text = Buffer.alloc(0);
    let greeted = false;
    let serial = 100;
    const send = (message: Partial<Message>): void => {
      serial += 1;
      socket.write(encodeMessage({ type: messageTypes.RETURN, serial, body: [], ...message }));
    };
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      text = Buffer.concat([text, chunk]);
      const end = text.indexOf("BEGIN\r\n");
      if (!greeted && end >= 0) {
        const said = text.toString("latin1", 0, end);
        assert.match(said, /^\0AUTH EXTERNAL( [0-9a-f]+|\r\nDATA)\r\n$/);
        if (said.endsWith("DATA\r\n")) socket.write("DATA\r\n");
        socket.write(`${says}\r\n`);
        text = text.subarray(end + 7);
        greeted = true;
      }
      for (
        let next = greeted ? decodeMessage(text) : undefined;
        next !== undefined;
        next = decodeMessage(text)
      ) {
        text = text.subarray(next.length);
        const { member = "", body, serial: replySerial } = next.message;
        calls.push(
          `${member}(${body.map((value) => JSON.stringify(value, (_, it) => (typeof it === "bigint" ? `${it}` : it))).join()})`,
        );
        const { refusal, signal, ...reply } = answer(member, body);
        if (signal !== undefined)
          send({
            type: messageTypes.SIGNAL,
            path: "/x",
            interface: "org.freedesktop.systemd1.Manager",
            ...signal,
          });
        if (refusal === undefined) send({ replySerial, ...reply });
        else
          send({
            type: messageTypes.ERROR,
            replySerial,
            errorName: refusal,
            signature: "s",
            body: ["it says no"],
          });
      }
    });
  });
  await new Promise<void>((done) => server.listen(path, done));
  return { path, calls, [Symbol.asyncDispose]: () => new Promise((done) => void server.close(() => done())) };
}

const done = (name: string, result = "done"): Partial<Message> => ({
  member: "JobRemoved",
  signature: "uoss",
  body: [1, "/job/1", name, result],
});
const job: Answer = { signature: "o", body: ["/job/1"] };
const delegate: UnitProperty = { name: "Delegate", value: { signature: "b", value: true } };
const nowhere = join(directory, "nowhere");

test("a unit is asked for, and waited for although its job ends before it is answered", async () => {
  await using server = await listening((member) =>
    member === "StartTransientUnit" ? { ...job, signal: done("a.scope") } : {},
  );
  {
    using manager = await connectSystemd({ own: server.path, bus: nowhere });
    await manager.startTransientUnit("a.scope", [delegate]);
  }
  assert.deepEqual(server.calls, [
    "Subscribe()",
    'StartTransientUnit("a.scope","replace",[["Delegate",{"signature":"b","value":true}]],[])',
  ]);
});

test("one that has ended makes room", async () => {
  let tries = 0;
  await using server = await listening((member) => {
    if (member !== "StartTransientUnit") return {};
    tries += 1;
    return tries < 3
      ? { refusal: "org.freedesktop.systemd1.UnitExists" }
      : { ...job, signal: done("a.scope") };
  });
  using manager = await connectSystemd({ own: server.path, bus: nowhere });
  await manager.startTransientUnit("a.scope", []);
  assert.equal(server.calls.filter((call) => call === 'ResetFailedUnit("a.scope")').length, 2);
});

test("what is refused is told, and so is a job that fails", async () => {
  await using server = await listening((member, [name]) => {
    if (member === "Subscribe") return {};
    return name === "a.scope"
      ? { refusal: "org.freedesktop.DBus.Error.InvalidArgs" }
      : { ...job, signal: done("b.scope", "failed") };
  });
  using manager = await connectSystemd({ own: server.path, bus: nowhere });
  await assert.rejects(manager.startTransientUnit("a.scope", []), {
    code: "SYSTEMD_REFUSED",
    message: "cannot start a.scope: it says no",
  });
  await assert.rejects(manager.startTransientUnit("b.scope", []), {
    code: "SYSTEMD_JOB",
    message: "cannot start b.scope: systemd says failed",
  });
  await assert.rejects(manager.setUnitProperties("a.scope", []), { code: "SYSTEMD_REFUSED" });
});

test("a user's manager is told no number, and tells its control group", async () => {
  const group = (value: string): Answer => ({ signature: "v", body: [{ signature: "s", value }] });
  const place = "/user.slice/user-7.slice/user@7.service";
  await using server = await listening((member) => (member === "Get" ? group(place) : {}));
  using manager = await connectSystemd({ own: server.path, bus: nowhere, isUsers: true });
  assert.equal(await manager.controlGroup(), place);
  assert.deepEqual(server.calls, ['Get("org.freedesktop.systemd1.Manager","ControlGroup")']);
  await using top = await listening(() => group("/"));
  using topmost = await connectSystemd({ own: top.path, bus: nowhere, isUsers: true });
  assert.equal(await topmost.controlGroup(), "");
});

test("a user's manager is where the environment says", () => {
  const own = "/run/user/7/systemd/private";
  const XDG_RUNTIME_DIR = "/run/user/7";
  assert.deepEqual(userSockets({ XDG_RUNTIME_DIR }), { own, bus: "/run/user/7/bus", isUsers: true });
  const named = { XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS: "unix:path=/tmp/a%20b,guid=1;unix:path=/c" };
  assert.equal(userSockets(named)?.bus, "/tmp/a b");
  for (const directory of ["", "run/user/7"])
    assert.equal(userSockets({ XDG_RUNTIME_DIR: directory }), undefined);
  assert.equal(userSockets({}), undefined);
});

test("a unit that is not there is stopped already", async () => {
  await using server = await listening(() => ({ refusal: "org.freedesktop.systemd1.NoSuchUnit" }));
  using manager = await connectSystemd({ own: server.path, bus: nowhere });
  await manager.stopUnit("a.scope");
});

test("without systemd's own socket the bus is used", async () => {
  await using server = await listening((member) =>
    member === "StartTransientUnit" ? { ...job, signal: done("a.scope") } : {},
  );
  using manager = await connectSystemd({ own: nowhere, bus: server.path });
  await manager.startTransientUnit("a.scope", []);
  assert.match(
    server.calls.join(" "),
    /^Hello\(\) AddMatch\("type='signal',sender='org\.freedesktop\.systemd1'.* Subscribe\(\)/,
  );
});

test("who cannot be talked to is told", async () => {
  await assert.rejects(connectSystemd({ own: nowhere, bus: nowhere }), { code: "SYSTEMD_CONNECT" });
  await using server = await listening(() => ({}), "REJECTED EXTERNAL");
  await assert.rejects(connectSystemd({ own: server.path, bus: nowhere }), {
    code: "SYSTEMD_CONNECT",
    message: /does not accept this user: REJECTED EXTERNAL$/,
  });
  await using broken = await listening(() => ({}), "OK 1\r\nnot a message of any kind");
  await assert.rejects(connectSystemd({ own: broken.path, bus: nowhere }), { code: "SYSTEMD_CONNECT" });
});
