import assert from "node:assert/strict";
import { test } from "node:test";
import { TugError } from "../../../base/index.ts";
import { type Client, connect } from "./connect.ts";
import { startScriptedServer } from "./testing/scripted-server.ts";

type Call = (...args: unknown[]) => unknown;
type Calls = Readonly<Record<string, Call | object>>;

/** What stands before the options of a call, where that is something else than one name. */
const before: Readonly<Record<string, readonly unknown[]>> = {
  "checkpoints.create": ["web", "first"],
  "checkpoints.remove": ["web", "first"],
  "configs.create": ["c", new Uint8Array(1)],
  "configs.list": [],
  "containers.create": [{ Image: "box" }],
  "containers.kill": ["web", "SIGTERM"],
  "containers.list": [],
  "containers.prune": [],
  "containers.rename": ["web", "other"],
  "containers.resize": ["web", { height: 1, width: 1 }],
  "containers.top": ["web", "aux"],
  "containers.update": ["web", {}],
  "containers.wait": ["web", "removed"],
  "execs.create": ["web", { Cmd: ["true"] }],
  "execs.resize": ["id", { height: 1, width: 1 }],
  "files.read": ["web", "/etc"],
  "files.stat": ["web", "/etc"],
  "files.write": ["web", "/etc", (async function* () {})()],
  "images.diff": ["a", "b"],
  "images.list": [],
  "images.load": [(async function* () {})()],
  "images.logIn": [{}],
  "images.prune": [],
  "images.remote.copy": [{}],
  "images.remote.sign": ["a", {}],
  "images.save": [["box"]],
  "images.tag": ["a", "b"],
  "networks.connect": ["n", { Container: "c" }],
  "networks.disconnect": ["n", { Container: "c" }],
  "networks.create": [{ Name: "n" }],
  "networks.list": [],
  "networks.prune": [],
  "secrets.create": ["s", new Uint8Array(1)],
  "secrets.list": [],
  "sockets.create": [{ Name: "s", Allow: ["all"] }],
  "sockets.list": [],
  "system.check": [],
  "system.diskUsage": [],
  "system.events": [],
  "system.info": [],
  "system.keepers": [],
  "system.ping": [],
  "system.version": [],
  "volumes.create": [{}],
  "volumes.list": [],
  "volumes.prune": [],
  "volumes.clone": ["a", "b"],
  "volumes.import": ["a", (async function* () {})()],
  "volumes.rename": ["a", "b"],
  "tug.endEngine": [],
  "tug.engine": [],
  "tug.serveRegistry": [{}],
  "tug.explain": [{ Image: "box" }],
};

/** Every call of a client, by its name. */
function callsOf(calls: Calls, prefix = ""): [string, Call][] {
  return Object.entries(calls).flatMap(([name, call]) =>
    typeof call === "function"
      ? [[`${prefix}${name}`, call as Call] as [string, Call]]
      : callsOf(call as Calls, `${prefix}${name}.`),
  );
}

test("every call and every stream ends when it is aborted while the engine does not answer", async () => {
  let asked = () => {};
  await using server = await startScriptedServer({ request: () => asked(), upgrade: () => asked() });
  await abortAll(connect(server), (action) => {
    asked = action;
  });
});

test("the same where the engine is in this process", async () => {
  let asked = () => {};
  const door = () => {
    asked();
    return new Promise<never>(() => {});
  };
  await abortAll(connect({ door }), (action) => {
    asked = action;
  });
});

/** Makes every call there is, and aborts it when the engine has it. */
async function abortAll(client: Client, whenAsked: (action: () => void) => void): Promise<void> {
  const calls = callsOf(client as unknown as Calls);
  assert.ok(calls.length > 40, "the client has lost its calls");
  for (const [name, call] of calls) {
    const stop = new AbortController();
    whenAsked(() => stop.abort());
    const options = { signal: stop.signal };
    const args =
      name === "images.import"
        ? [{ source: "-", changes: [], ...options }]
        : [...(before[name] ?? ["web"]), options];
    const result = call(...args);
    const ended = isStream(result) ? result[Symbol.asyncIterator]().next() : result;
    await assert.rejects(
      Promise.resolve(ended),
      (error) => error instanceof TugError && error.code === "CLIENT_CANCELED",
      name,
    );
  }
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
