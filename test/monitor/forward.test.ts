import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { listenDatagrams } from "../environment/datagrams.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { type Container, startContainer } from "./container.ts";

const skip = requireRoot();
const PIECE = 16 * 1024;

/** Runs a script whose lines go to a file and to a socket. */
function start(directory: string, script: string): Promise<Container> {
  const sink = {
    socket: join(directory, "socket"),
    prefixes: { stdout: "<6>", stderr: "<3>" },
    suffix: ";",
    moreSuffix: "+",
  };
  return startContainer(directory, script, {
    log: { format: "json-file", path: join(directory, "log"), sink },
  });
}

const linesOf = async (directory: string): Promise<string[]> =>
  (await readFile(join(directory, "log"), "utf8")).split("\n").slice(0, -1);

test("every line is one datagram, and a long one several, that say so", { skip }, async () => {
  await using place = await temporaryDirectory();
  await using daemon = await listenDatagrams(join(place.path, "socket"));
  const script = `echo one; sleep 0.05; echo two >&2; sleep 0.05; head -c ${PIECE + 10} /dev/zero | tr '\\0' x; echo`;
  await using container = await start(place.path, script);
  await container.finished();
  assert.deepEqual(await daemon.count(4), [
    "<6>one;",
    "<3>two;",
    `<6>${"x".repeat(PIECE)}+`,
    `<6>${"x".repeat(10)};`,
  ]);
  assert.equal((await linesOf(place.path)).length, 4);
});

test("a daemon that takes nothing, or is not there, holds nobody up, and the file has all", {
  skip,
}, async () => {
  await using place = await temporaryDirectory();
  const script = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line $i; done";
  const count = async (): Promise<number> => {
    await using container = await start(place.path, script);
    await container.finished();
    return (await linesOf(place.path)).length;
  };
  assert.equal(await count(), 3000);
  await using _ = await listenDatagrams(join(place.path, "socket"), { deaf: true });
  assert.equal(await count(), 6000);
});

test("a daemon that comes later, or in the place of another, gets the lines from then on", {
  skip,
}, async () => {
  await using place = await temporaryDirectory();
  await using container = await start(place.path, "while :; do echo line; sleep 0.1; done");
  for (let round = 0; round < 2; round += 1) {
    await using daemon = await listenDatagrams(join(place.path, "socket"));
    assert.equal((await daemon.count(2))[0], "<6>line;");
  }
  process.kill(container.pid, "SIGKILL");
  await container.finished();
});
