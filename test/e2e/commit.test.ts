import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { leavesNothing, needsBox, until, useEngine } from "./harness/index.ts";

describe("tug commit", { skip: needsBox() }, () => {
  // Layers are files here, and archives elsewhere, where the kernel can.
  const engine = useEngine(undefined, { snapshotter: "overlay" });

  test("an image has what a container wrote, changed and removed, and starts as it did", async () => {
    const script =
      "echo new >/new; mkdir -p /d/sub; ln -s sub /d/link; rm /etc/group; echo x:x:0:0::/:/bin/sh >/etc/passwd";
    await engine.ok([
      "run",
      "--name",
      "source",
      "-e",
      "A=1",
      "-w",
      "/d",
      "-v",
      "/volume",
      "box",
      "sh",
      "-c",
      `${script}; echo hidden >/volume/x`,
    ]);
    const changes = ["-c", 'CMD ["cat", "/new"]', "-c", "LABEL stage=test", "-m", "by hand", "-a", "Ada"];
    const id = (await engine.ok(["commit", ...changes, "source", "made:1"])).trim();
    assert.match(id, /^sha256:[0-9a-f]{64}$/);
    assert.equal(await engine.ok(["run", "--rm", "made:1"]), "new\n");
    const facts =
      "pwd; echo $A; readlink /d/link; ls /etc/group /volume; cat /etc/passwd; ls -A /dev/shm /proc/1/root >/dev/null";
    const { stdout } = await engine.tug(["run", "--rm", "made:1", "sh", "-c", facts]);
    assert.equal(stdout, "/d\n1\nsub\n/volume:\nx:x:0:0::/:/bin/sh\n");
    const { Config, Author, Comment } = JSON.parse(await engine.ok(["image", "inspect", "made:1"]))[0];
    assert.deepEqual([Config.Labels.stage, Author, Comment], ["test", "Ada", "by hand"]);
    const [layers, before] = await Promise.all(
      ["made:1", "box"].map(
        async (name) => JSON.parse(await engine.ok(["image", "inspect", name]))[0].RootFS.Layers.length,
      ),
    );
    assert.equal(layers, before + 1);
    await engine.ok(["rm", "-v", "source"]);
  });

  test("it runs where it is loaded, and on top of it can be built again", async () => {
    const archive = `${engine.directory}/made.tar`;
    await engine.ok(["save", "-o", archive, "made:1"]);
    await engine.ok(["rmi", "made:1"]);
    await engine.ok(["load", "-i", archive]);
    await engine.ok(["run", "--name", "again", "made:1", "sh", "-c", "echo more >>/new; rm -r /d"]);
    await engine.ok(["commit", "again", "made:2"]);
    assert.equal(
      await engine.ok([
        "run",
        "--rm",
        "-w",
        "/",
        "made:2",
        "sh",
        "-c",
        "cat /new; ls -d /d 2>/dev/null || echo none",
      ]),
      "new\nmore\nnone\n",
    );
    await engine.ok(["rm", "again"]);
  });

  test("a running container is frozen for as long as it takes, and not for ever", async () => {
    await leavesNothing(engine, async () => {
      await engine.ok([
        "run",
        "-d",
        "--name",
        "busy",
        "box",
        "sh",
        "-c",
        "while :; do echo line >>/lines; done",
      ]);
      await engine.ok(["commit", "busy", "frozen:1"]);
      const count = async () => Number(await engine.ok(["exec", "busy", "sh", "-c", "wc -l </lines"]));
      const then = await count();
      await until("it has gone on", async () => (await count()) > then);
      assert.equal(await engine.ok(["run", "--rm", "frozen:1", "sh", "-c", "sort -u /lines"]), "line\n");
      await engine.ok(["rm", "-f", "busy"]);
      await engine.ok(["rmi", "frozen:1"]);
    });
  });

  test("what cannot be is refused with a sentence", async () => {
    const missing = await engine.tug(["commit", "absent", "made:3"]);
    assert.deepEqual([missing.code, missing.stderr.split("\n")[0]], [1, "tug: No such container: absent"]);
    await engine.ok(["create", "--name", "still", "box"]);
    const change = await engine.tug(["commit", "-c", "FROM x", "still", "made:3"]);
    assert.match(change.stderr, /cannot apply the change "FROM x"/);
    const name = await engine.tug(["commit", "still", "UPPER"]);
    assert.match(name.stderr, /UPPER/);
    const lie = `made@sha256:${"0".repeat(64)}`;
    for (const line of [
      ["commit", "still", lie],
      ["import", `${engine.directory}/made.tar`, lie],
      ["image", "squash", "-t", lie, "box"],
    ]) {
      assert.match((await engine.tug(line)).stderr, /a name that is given to an image has no digest/);
    }
    assert.equal((await engine.tug(["image", "inspect", "made:3"])).code, 1);
    await engine.ok(["rm", "still"]);
  });
});
