import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { openConnection } from "./connection.ts";
import type { Inbox } from "./inbox.ts";
import { encodeMessage, fromFront, toFront, u8, u32 } from "./message.ts";

/** A connection whose other end is a list of what is given to the kernel at once. */
function openRecorded() {
  const sent: Buffer[] = [];
  const record = (data: Buffer, done: () => void): void => {
    sent.push(data);
    done();
  };
  const socket = new Duplex({
    read() {},
    write: (chunk: Buffer, _encoding, done) => record(chunk, done),
    writev: (chunks, done) => record(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), done),
  });
  const go = { type: fromFront.go, content: Buffer.alloc(0) };
  const inbox = { forEach: (take) => take(go) } satisfies Partial<Inbox> as Inbox;
  return { sent, connection: openConnection(socket as unknown as Socket, inbox) };
}

const output = (text: string) => encodeMessage(toFront.output, u8(1), Buffer.from(text));

test("the last output goes with the exit code: whoever is killed has sent both, or neither", async () => {
  const { sent, connection } = openRecorded();
  connection.stdout.write("56\n");
  await Promise.resolve();
  await connection.exit(0);
  assert.deepEqual(sent, [Buffer.concat([output("56\n"), encodeMessage(toFront.exit, u32(0))])]);
});

test("what is printed while a command goes on is sent soon", async () => {
  const { sent, connection } = openRecorded();
  connection.stdout.write("one\n");
  connection.stdout.write("two\n");
  await turn();
  await turn();
  assert.deepEqual(Buffer.concat(sent), Buffer.concat([output("one\n"), output("two\n")]));
  await connection.exit(7);
});
