import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { probeLines, probeReport } from "../environment/index.ts";
import {
  type ConfigOptions,
  type Container,
  container,
  differs,
  type Listener,
  listenForTerminal,
  plainNamespaces,
  runAtTerminal,
  skip,
  succeeded,
  verbs,
} from "./harness/index.ts";

const ctrlC = "\x03";
const ctrlD = "\x04";

/** A container whose program has a terminal, and the listener that the master is sent to. */
async function withListener(
  options: ConfigOptions,
): Promise<{ made: Container; listener: Listener } & AsyncDisposable> {
  await using scope = new AsyncDisposableStack();
  const made = scope.use(await container({ ...options, process: { ...options.process, terminal: true } }));
  chmodSync(made.directory, 0o755); // Root of a user namespace is not root here.
  const listener = scope.use(await listenForTerminal(join(made.directory, "console")));
  const open = scope.move();
  return { made, listener, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

const socketFlag = (made: Container): string[] => ["--console-socket", join(made.directory, "console")];

/** Runs a container whose program ends by itself, and returns what its terminal showed. */
async function shownBy(options: ConfigOptions): Promise<string> {
  await using scope = await withListener(options);
  const { made, listener } = scope;
  succeeded(await made.create(socketFlag(made)));
  await listener.name();
  succeeded(await made.start());
  await made.stopped();
  await listener.shows(/\n$/);
  return listener.shown().replaceAll("\r", "");
}

test("the master arrives at the console socket with the terminal's name, before start", {
  skip: skip || differs({ crun: "sends no name" }),
}, async () => {
  await using scope = await withListener({ args: ["tty"] });
  const { made, listener } = scope;
  succeeded(await made.create(socketFlag(made)));
  assert.match(await listener.name(), /^\/dev\/(pts\/0|ptmx)$/);
  assert.equal(listener.shown(), "");
  succeeded(await made.start());
  await listener.shows(/^\/dev\/pts\/0\r\n/);
});

test("the terminal is the program's standard streams, its controlling terminal, and nothing else is open", {
  skip,
}, async () => {
  const report = probeReport(await shownBy({ args: ["/bin/probe"] }));
  assert.deepEqual(
    report.terminals.map((terminal) => [terminal?.name, terminal?.foreground]),
    Array.from({ length: 3 }, () => ["/dev/pts/0", report.pid]),
  );
  assert.deepEqual([report.sid, report.pgid], [report.pid, report.pid]);
  assert.deepEqual(Object.keys(report.descriptors ?? {}), ["0", "1", "2"]);
});

test("consoleSize is the terminal's size", { skip }, async () => {
  const process = { consoleSize: { height: 33, width: 77 } };
  const [terminal] = probeReport(await shownBy({ process })).terminals;
  assert.deepEqual([terminal?.rows, terminal?.columns], [33, 77]);
});

test("/dev/console is the terminal, and so is /dev/tty", { skip }, async () => {
  const words = verbs(
    ["stat", "/dev/console"],
    ["write", "/dev/console", "one\n"],
    ["write", "/dev/tty", "two\n"],
  );
  const shown = await shownBy({ args: ["probe", ...words, ",", "read", "/proc/self/mountinfo"] });
  const lines = probeLines(shown);
  assert.deepEqual(
    lines.map(({ errno }) => errno),
    [null, null, null, null],
  );
  assert.deepEqual([lines[0]?.type, lines[0]?.major, lines[0]?.minor], ["character", 136, 0]);
  assert.match(shown, /^one$/m);
  assert.match(shown, /^two$/m);
  assert.match(String(lines[3]?.content), / \/dev\/console [^\n]* - devpts /);
});

test("the terminal belongs to the user", { skip }, async () => {
  const user = { uid: 1000, gid: 1000 };
  const words = verbs(["stat", "/dev/pts/0"], ["write", "/dev/console", "here\n"], ["open", "/dev/stdin"]);
  const shown = await shownBy({ args: ["probe", ...words], process: { user, capabilities: {} } });
  const lines = probeLines(shown);
  assert.equal(lines[0]?.uid, 1000);
  assert.deepEqual([lines[1]?.errno, lines[2]?.errno], [null, null]);
});

test("keys reach the program, Ctrl-C interrupts, Ctrl-D ends the input", { skip }, async () => {
  await using scope = await withListener({
    // Whoever waits says so itself: an interrupt before that would be dealt with when it has waited.
    args: [
      "sh",
      "-c",
      "trap 'echo interrupted' INT; read line; sh -c 'echo got $0; exec sleep 100' $line; cat; echo end",
    ],
  });
  const { made, listener } = scope;
  succeeded(await made.run(["--detach", ...socketFlag(made)]));
  listener.type("keys\n");
  await listener.shows(/got keys/);
  listener.type(ctrlC);
  await listener.shows(/interrupted/);
  listener.type(`more\n${ctrlD}`);
  await listener.shows(/more\r\nmore\r\nend\r\n/);
  await made.stopped();
});

test("when the master is closed the program is hung up", { skip }, async () => {
  await using scope = await withListener({ args: ["probe", "catch", "HUP"] });
  const { made, listener } = scope;
  succeeded(await made.run(["--detach", ...socketFlag(made)]));
  await listener.shows(/ready/);
  await listener.leave();
  await made.stopped();
});

test("in a user namespace the terminal is the namespace's", { skip }, async () => {
  const mappings = [{ containerID: 0, hostID: 200_000, size: 65_536 }];
  const report = probeReport(
    await shownBy({
      linux: {
        namespaces: [...plainNamespaces, { type: "user" }],
        uidMappings: mappings,
        gidMappings: mappings,
      },
      args: ["/bin/probe"],
    }),
  );
  assert.equal(report.terminals[0]?.name, "/dev/pts/0");
  assert.equal(report.terminals[0]?.foreground, report.pid);
});

test("create and run --detach want a socket for a terminal", { skip }, async () => {
  await using made = await container({ process: { terminal: true } });
  for (const words of [["create"], ["run", "--detach"]]) {
    const { code, stderr } = await made.runtime([...words, made.id]);
    assert.notEqual(code, 0);
    assert.match(stderr, /console socket|console-socket/);
    made.assertNothingLeft();
  }
});

test("a console socket without a terminal is refused", {
  skip: skip || differs({ crun: "ignores it" }),
}, async () => {
  await using made = await container();
  const { code, stderr } = await made.create(socketFlag(made));
  assert.notEqual(code, 0);
  assert.match(stderr, /console socket/);
  made.assertNothingLeft();
});

test("a console socket that nobody listens at is an error, and nothing is left", { skip }, async () => {
  await using made = await container({ process: { terminal: true } });
  const { code, stderr } = await made.create(socketFlag(made));
  assert.notEqual(code, 0);
  assert.match(stderr, /console/);
  made.assertNothingLeft();
});

test("in the foreground the caller's terminal is lent: size, keys, exit code", {
  skip: skip || differs({ crun: "1.21 leaves the size" }),
}, async () => {
  await using made = await container({
    args: [
      "sh",
      "-c",
      `sized() { until [ "$(stty size)" = "$*" ]; do sleep 0.01; done; echo sized $*; }
      sized 33 77; sized 50 200; read line; echo got $line; exit 9`,
    ],
    process: { terminal: true },
  });
  await using caller = runAtTerminal(["--root", made.root, "run", made.id], made.bundle);
  await caller.shows(/sized 33 77/);
  caller.grow();
  await caller.shows(/sized 50 200/);
  caller.type("keys\n");
  await caller.shows(/got keys/);
  assert.equal(await caller.ended(), 9);
  made.assertNothingLeft();
});

test("in the foreground Ctrl-C is the program's, and the caller's terminal is as before", {
  skip,
}, async () => {
  await using made = await container({
    args: ["sh", "-c", "trap 'echo interrupted; exit 3' INT; echo ready; while :; do sleep 0.1; done"],
    process: { terminal: true },
  });
  const words = ["--root", made.root, "run", made.id];
  await using caller = runAtTerminal(words, made.bundle);
  await caller.shows(/ready/);
  caller.type(ctrlC);
  await caller.shows(/interrupted/);
  assert.equal(await caller.ended(), 3);
});

test("a terminal without devpts is refused, and nothing is left", { skip }, async () => {
  await using scope = await withListener({
    change: (spec) => ({
      ...spec,
      mounts: (spec.mounts ?? []).filter(({ destination }) => destination !== "/dev/pts"),
    }),
  });
  const { made } = scope;
  const { code, stderr } = await made.create(socketFlag(made));
  assert.notEqual(code, 0);
  assert.match(stderr, /ptmx|pty|console/);
  made.assertNothingLeft();
});

test("what is written at the very end arrives", { skip }, async () => {
  await using made = await container({ args: ["seq", "20000"], process: { terminal: true } });
  await using caller = runAtTerminal(["--root", made.root, "run", made.id], made.bundle);
  assert.equal(await caller.ended(), 0);
  await caller.shows(/\r\n20000\r\n$/);
});
