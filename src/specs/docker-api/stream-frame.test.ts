import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createFrameDecoder,
  encodeFrameHeader,
  type OutputChunk,
  type OutputStream,
} from "./stream-frame.ts";

function frame(stream: OutputStream, text: string): Buffer {
  return Buffer.concat([encodeFrameHeader(stream, Buffer.byteLength(text)), Buffer.from(text)]);
}

function textOf(chunks: OutputChunk[], stream: OutputStream): string {
  return Buffer.concat(
    chunks.filter((chunk) => chunk.stream === stream).map((chunk) => chunk.data),
  ).toString();
}

test("a header has the stream number and the big-endian length", () => {
  assert.deepEqual([...encodeFrameHeader("stderr", 0x01020304)], [2, 0, 0, 0, 1, 2, 3, 4]);
});

test("frames are found however the bytes are cut", () => {
  const bytes = Buffer.concat([
    frame("stdout", "hello "),
    frame("stderr", "oops"),
    frame("stdout", ""),
    frame("stdout", "world"),
  ]);
  for (let size = 1; size <= bytes.length; size += 1) {
    const decode = createFrameDecoder();
    const chunks: OutputChunk[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(...decode(bytes.subarray(at, at + size)));
    assert.equal(textOf(chunks, "stdout"), "hello world");
    assert.equal(textOf(chunks, "stderr"), "oops");
  }
});

test("bytes that are no header are refused", () => {
  assert.throws(() => createFrameDecoder()(Buffer.from("plain text")), /is no frame header/);
  assert.throws(
    () => createFrameDecoder()(Buffer.from([1, 0, 0, 0, 255, 255, 255, 255])),
    /is no frame header/,
  );
});

test("a failure that the far side reports in the stream is raised", () => {
  const failure = Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 0, 0, 4]), Buffer.from("boom")]);
  assert.throws(() => createFrameDecoder()(failure), /cannot read stream: boom/);
});
