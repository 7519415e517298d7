import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { exitCodeOf } from "../../src/helper/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { createContainer, readJsonLog, startContainer } from "./container.ts";

const skip = requireRoot();

test("a terminal passes bytes unframed in both directions and into the log", { skip }, async () => {
  await using place = await temporaryDirectory();
  const log = { format: "json-file", path: join(place.path, "log") } as const;
  const script = "tty >&2; echo out; read line; echo got $line; exit 6";
  await using container = await createContainer(place.path, script, { terminal: true, openStdin: true, log });
  const client = await container.attach();
  const reader = await container.attach({ stderr: true });
  assert.equal(client.terminal, true);
  await container.start();
  await client.until(/\/dev\/pts\/\d+\r\nout\r\n/);
  client.write("input\r");
  assert.equal(exitCodeOf(await container.finished()), 6);
  await Promise.all([client.closed, reader.closed]);
  assert.match(client.text(), /^\/dev\/pts\/\d+\r\nout\r\ninput\r\ngot input\r\n$/);
  assert.equal(reader.text(), client.text());
  const records = await readJsonLog(log.path);
  assert.equal(records.map(({ log: text }) => text).join(""), client.text());
  assert.ok(records.every(({ stream }) => stream === "stdout"));
});

test("the terminal has the requested size and follows a resize", { skip }, async () => {
  await using place = await temporaryDirectory();
  const script = "trap 'stty size; exit' WINCH; stty size; while :; do sleep 0.05; done";
  await using container = await createContainer(place.path, script, {
    terminal: true,
    rows: 30,
    columns: 100,
  });
  const client = await container.attach();
  await container.start();
  await client.until(/30 100\r\n/);
  await container.control.resize(50, 200);
  await client.until(/50 200\r\n/);
  await container.finished();
});

test("control characters are the terminal's, and the end of a client's input is not the container's", {
  skip,
}, async () => {
  await using place = await temporaryDirectory();
  const script = "trap 'echo interrupted' INT; echo ready; read line; read line; echo $line";
  await using container = await createContainer(place.path, script, {
    terminal: true,
    openStdin: true,
    stdinOnce: true,
  });
  const first = await container.attach();
  await container.start();
  await first.until(/ready/);
  first.write("\x03");
  await first.until(/interrupted/);
  first.end();
  await container.control.closeStdin();
  const second = await container.attach();
  second.write("still\rhere\r");
  await second.until(/(still|here)\r\n/);
  await container.finished();
});

test("a terminal that no process has open is taken up again later", { skip }, async () => {
  await using place = await temporaryDirectory();
  const script = `name=$(tty); echo before; exec </dev/null >/dev/null 2>&1; sleep 0.3; echo after >$name; sleep 0.1
    echo again >$name; exit 9`;
  await using container = await createContainer(place.path, script, { terminal: true });
  const client = await container.attach();
  await container.start();
  await client.until(/before\r\n/);
  const { monitor } = await container.control.status();
  await client.until(/after\r\n/);
  await client.until(/again\r\n/);
  const ticks = readFileSync(`/proc/${monitor.pid}/stat`, "utf8").split(" ").slice(13, 15).map(Number);
  assert.ok(ticks[0]! + ticks[1]! < 10, `the monitor used ${ticks} ticks while nothing happened`);
  assert.equal(exitCodeOf(await container.finished()), 9);
});

test("a descendant that keeps the terminal does not keep the monitor", { skip }, async () => {
  await using place = await temporaryDirectory();
  await using container = await startContainer(place.path, "trap '' HUP; sleep 1000 & echo $!; exit 0", {
    terminal: true,
    log: { format: "cri", path: join(place.path, "log") },
  });
  const record = await container.finished();
  assert.equal(exitCodeOf(record), 0);
  const sleeper = Number(readFileSync(join(place.path, "log"), "utf8").trim().split(" ")[3]);
  process.kill(sleeper, "SIGKILL");
});
