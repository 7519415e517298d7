import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { overTcp } from "../../src/api/docker/testing/over-tcp.ts";
import { debianProgram, loadBusybox, requireRoot, startTug } from "../environment/index.ts";

const skip = requireRoot() || debianProgram("busybox").skip;

test("a container's streams by WebSocket: what is typed, both outputs, and the end of the input", {
  skip,
}, async () => {
  await using tug = await startTug();
  await loadBusybox(tug);
  const program = 'while read line; do echo "got $line"; echo "told of $line" >&2; done; exit 7';
  const created = await tug.tug(["create", "-i", "--name", "reader", "busybox", "sh", "-c", program]);
  assert.equal(created.code, 0, created.stderr);
  await using door = await overTcp(join(tug.run, "tug.sock"));
  const query = "stdin=1&stdout=1&stderr=1&stream=1";
  const client = new WebSocket(`ws://127.0.0.1:${door.port}/v1.52/containers/reader/attach/ws?${query}`);
  client.binaryType = "arraybuffer";
  let output = "";
  const answered = new Promise<void>((resolve) => {
    client.addEventListener("message", ({ data }) => {
      output += Buffer.from(data as ArrayBuffer).toString();
      if (output.includes("got two\n") && output.includes("told of two\n")) resolve();
    });
  });
  await once(client, "open");
  assert.equal((await tug.tug(["start", "reader"])).code, 0);
  client.send("one\n");
  client.send(new Uint8Array(Buffer.from("two\n")));
  await answered;
  assert.deepEqual(output.split("\n").sort(), ["", "got one", "got two", "told of one", "told of two"]);
  const closed = once(client, "close") as Promise<[CloseEvent]>;
  client.close(1000);
  assert.equal((await closed)[0].wasClean, true);
  const ended = await tug.tug(["wait", "reader"]);
  assert.equal(ended.stdout, "7\n", "its input has ended");
});
