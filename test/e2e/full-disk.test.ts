import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type BuiltImage, buildImage, ociArchive } from "../environment/index.ts";
import { boxImage, leavesNothing, needsBox, useEngine } from "./harness/index.ts";

const MB = 1_000_000;
const full =
  /no space left on the disk\nfree space there, for example by removing images that are not needed\n$/;

describe("a full disk", { skip: needsBox() }, () => {
  const engine = useEngine(async ({ data }) => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=32m,mode=711", "tmpfs", data]);
  });
  const filler = (): string => join(engine.data, "filler");
  const free = (): number => {
    const { bavail, bsize } = statfsSync(engine.data);
    return bavail * bsize;
  };

  /** Leaves no byte free while the work is done. */
  async function whileFull<T>(work: () => Promise<T>): Promise<T> {
    const file = openSync(filler(), "w");
    try {
      for (;;) writeSync(file, Buffer.alloc(4096));
    } catch {
      // Full.
    } finally {
      closeSync(file);
    }
    try {
      return await work();
    } finally {
      rmSync(filler(), { force: true });
    }
  }

  const tooLarge: Record<string, () => BuiltImage> = {
    stored: () =>
      buildImage({
        layers: [{ entries: [{ path: "noise", content: randomBytes(40 * MB) }], compression: "none" }],
      }),
    unpacked: () =>
      buildImage({ layers: [{ entries: [{ path: "zeros", content: Buffer.alloc(60 * MB) }] }] }),
  };
  for (const [how, image] of Object.entries(tooLarge)) {
    test(`an image that cannot be ${how} is refused, and its room is free again`, async () => {
      const archive = join(engine.directory, "large.tar");
      await writeFile(archive, ociArchive({ "large:1": image() }));
      const before = free();
      const { code, stdout, stderr } = await leavesNothing(engine, () =>
        engine.tug(["load", "--input", archive]),
      );
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /^tug: cannot load the archive: cannot store (blob|layer) sha256:/);
      assert.match(stderr, full);
      assert.ok(free() > before - MB / 2, `${before - free()} bytes are missing`);
    });
  }

  test("a container that fills it is told so itself, and its end is known", async () => {
    const script =
      "dd if=/dev/zero of=/x bs=1M 2>&1 | grep -o 'No space left on device'; yes filler | head -n 100000; exit 9";
    const { code, stdout, stderr } = await leavesNothing(engine, () =>
      engine.tug(["run", "--rm", "box", "sh", "-c", script]),
    );
    assert.equal(code, 9, stderr);
    assert.equal(stdout, `No space left on device\n${"filler\n".repeat(100_000)}`);
  });

  test("on one, a run that needs room ends with 125 and a sentence, and nothing stays", async () => {
    await leavesNothing(engine, () =>
      whileFull(async () => {
        // The volume gets what the image has there.
        const { code, stdout, stderr } = await engine.tug(["run", "--rm", "-v", "/bin", "box", "echo", "hi"]);
        assert.deepEqual([code, stdout], [125, ""]);
        assert.match(stderr, full);
      }),
    );
    assert.equal(await engine.sh([], "echo hi"), "hi");
  });

  test("on one, containers and images can be seen and removed", async () => {
    await leavesNothing(engine, async () => {
      await engine.load({ "other:1": boxImage({ layers: [{ entries: [{ path: "a", content: "a" }] }] }) });
      await engine.ok(["create", "--name", "old", "other:1", "sh"]);
      await engine.ok(["run", "--detach", "--name", "running", "other:1", "sleep", "1000"]);
      await whileFull(async () => {
        assert.match(await engine.ok(["ps", "--all"]), / old\n/);
        assert.equal(await engine.ok(["rm", "old"]), "old\n");
        assert.equal(await engine.ok(["rm", "--force", "running"]), "running\n");
        assert.match(await engine.ok(["rmi", "other:1"]), /^Untagged: other:1\nDeleted: /);
      });
    });
  });

  test("on one, an engine that was killed starts again, and can make room", async () => {
    await engine.load({
      "other:2": boxImage({ layers: [{ entries: [{ path: "b", content: randomBytes(5 * MB) }] }] }),
    });
    await engine.ok(["run", "--detach", "--name", "goes-on", "box", "sleep", "1000"]);
    await whileFull(async () => {
      await engine.stopEngine("SIGKILL");
      assert.match(await engine.ok(["ps"]), / goes-on\n/);
      await engine.ok(["rmi", "other:2"]);
      assert.ok(free() > 4 * MB);
      assert.equal(await engine.sh([], "echo hi"), "hi");
    });
    await engine.ok(["rm", "--force", "goes-on"]);
    assert.ok(!existsSync(filler()));
  });
});
