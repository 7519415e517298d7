import assert from "node:assert/strict";
import type { FileHandle } from "node:fs/promises";
import { describe, it } from "node:test";
import { createFileWriter } from "./file-writer.ts";
import { createLimiter } from "./limiter.ts";

const MiB = 1024 * 1024;

/** `slow`: what is written is only read some time later, as on another thread. */
type Behaviour = { readonly slow?: boolean; readonly writeError?: Error; readonly syncError?: Error };

/** A file in memory that takes at most so many bytes in one write. */
function memoryFile(most: number, { slow, writeError, syncError }: Behaviour = {}) {
  const content = Buffer.alloc(80 * MiB);
  const state = { size: 0, syncs: 0 };
  const file = {
    async write(data: Uint8Array, from: number, length: number, position: number) {
      if (writeError !== undefined) throw writeError;
      if (slow) await new Promise(setImmediate);
      const taken = data.subarray(from, from + Math.min(length, most));
      content.set(taken, position);
      state.size = Math.max(state.size, position + taken.length);
      return { bytesWritten: taken.length };
    },
    async datasync() {
      state.syncs += 1;
      if (state.syncs === 1 && syncError !== undefined) throw syncError;
    },
  };
  return { file: file as unknown as FileHandle, state, content };
}

async function write(file: FileHandle, sizes: readonly number[]): Promise<number> {
  const writer = createFileWriter(file, { turn: createLimiter(1) });
  for (const [index, size] of sizes.entries()) await writer.write(Buffer.alloc(size, `${index} `));
  await writer.end();
  return writer.size;
}

describe("createFileWriter", () => {
  const sizes = [10, 0, 700_000, 3 * MiB, 1, 500_000];

  it("writes everything once and in its order, also where the kernel takes less", async () => {
    const expected = Buffer.concat(sizes.map((size, index) => Buffer.alloc(size, `${index} `)));
    for (const most of [100 * MiB, 300_001]) {
      const { file, state, content } = memoryFile(most);
      assert.equal(await write(file, sizes), expected.length);
      assert.equal(state.size, expected.length);
      assert.ok(content.subarray(0, state.size).equals(expected));
    }
  });

  it("writes everything once while somebody else flushes", async () => {
    const { file, state, content } = memoryFile(100_000, { slow: true });
    const writer = createFileWriter(file);
    let isOver = false;
    const flushing = (async () => {
      while (!isOver) await writer.flush();
    })();
    const pieces = Array.from({ length: 60 }, (_, index) => Buffer.alloc(1 + index * 997, `${index} `));
    for (const piece of pieces) await writer.write(piece);
    isOver = true;
    await flushing;
    await writer.end();
    assert.ok(content.subarray(0, state.size).equals(Buffer.concat(pieces)));
  });

  it("has all of it on the disk at the end, and begins with large files before", async () => {
    const small = memoryFile(100 * MiB);
    await write(small.file, [1]);
    assert.equal(small.state.syncs, 1);
    const large = memoryFile(100 * MiB);
    await write(
      large.file,
      Array.from({ length: 70 }, () => MiB),
    );
    assert.ok(large.state.syncs > 1);
  });

  it("fails where a write failed, or the disk at any time", async () => {
    const full = memoryFile(1, { writeError: new Error("full") });
    await assert.rejects(write(full.file, sizes), /full/);
    const broken = memoryFile(100 * MiB, { syncError: new Error("broken") });
    await assert.rejects(
      write(
        broken.file,
        Array.from({ length: 70 }, () => MiB),
      ),
      /broken/,
    );
  });
});
