import assert from "node:assert/strict";
import type { FileHandle } from "node:fs/promises";
import { describe, it } from "node:test";
import { createLimiter } from "../limiter.ts";
import { createFileWriter } from "./file-writer.ts";

const MiB = 1024 * 1024;

/** A file in memory that takes at most so many bytes in one write. */
function memoryFile(most: number, { writeError, syncError }: { writeError?: Error; syncError?: Error } = {}) {
  const content = Buffer.alloc(80 * MiB);
  const state = { size: 0, syncs: 0 };
  const file = {
    async writev(pieces: readonly Uint8Array[], position: number) {
      if (writeError !== undefined) throw writeError;
      let left = most;
      for (const piece of pieces) {
        const taken = piece.subarray(0, left);
        content.set(taken, position + most - left);
        left -= taken.length;
      }
      state.size = Math.max(state.size, position + most - left);
      return { bytesWritten: most - left };
    },
    async datasync() {
      state.syncs += 1;
      if (state.syncs === 1 && syncError !== undefined) throw syncError;
    },
  };
  return { file: file as unknown as FileHandle, state, content };
}

async function write(file: FileHandle, sizes: readonly number[]): Promise<number> {
  const writer = createFileWriter(file, { durable: true, turn: createLimiter(1) });
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
