import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { needsBox, useEngine } from "./harness/index.ts";

describe("tug diff", { skip: needsBox() }, () => {
  // Layers are files here, and archives elsewhere, where the kernel can.
  const engine = useEngine(undefined, { snapshotter: "overlay" });
  const diff = async (name: string) =>
    (await engine.ok(["diff", name])).split("\n").filter((line) => line !== "");

  test("it tells what was changed, added and deleted, and nothing of what starting a container makes", async () => {
    await engine.ok(["create", "--name", "changed", "box", "sleep", "900"]);
    assert.deepEqual(await diff("changed"), []);
    await engine.ok(["start", "changed"]);
    assert.deepEqual(await diff("changed"), []);
    const script = [
      "mkdir -p /new/sub",
      "echo x > /new/sub/file",
      "echo more >> /etc/passwd",
      "rm /etc/group /bin/tail",
      "rm /bin/cat && mkdir /bin/cat && touch /bin/cat/inside",
      "chmod 700 /bin/probe",
    ];
    await engine.ok(["exec", "changed", "sh", "-c", script.join(" && ")]);
    const expected = [
      "C /bin",
      "C /bin/cat",
      "A /bin/cat/inside",
      "C /bin/probe",
      "D /bin/tail",
      "C /etc",
      "D /etc/group",
      "C /etc/passwd",
      "A /new",
      "A /new/sub",
      "A /new/sub/file",
    ];
    assert.deepEqual(await diff("changed"), expected);
    await engine.ok(["kill", "changed"]);
    await engine.ok(["wait", "changed"]);
    assert.deepEqual(await diff("changed"), expected, "the same when it does not run");
  });

  test("a directory that is made anew hides what the image has in it", async () => {
    await engine.ok(["run", "-d", "--name", "anew", "box", "sleep", "900"]);
    await engine.ok(["exec", "anew", "sh", "-c", "rm -r /etc/group && cp /etc/passwd /keep && rm /keep"]);
    const script = "mv /bin /gone && /gone/mkdir /bin && /gone/mv /gone/sh /bin/ && /gone/touch /bin/new";
    await engine.ok(["exec", "anew", "sh", "-c", script]);
    const lines = await diff("anew");
    for (const line of [
      "A /bin/new",
      "C /bin/sh",
      "D /bin/probe",
      "A /gone",
      "A /gone/probe",
      "D /etc/group",
    ]) {
      assert.ok(lines.includes(line), `${line} in\n${lines.slice(0, 20).join("\n")}`);
    }
  });

  test("what is mounted is no change of the container", async () => {
    await engine.ok([
      "run",
      "-d",
      "--name",
      "mounted",
      "-v",
      "data:/bin/cat.d",
      "--tmpfs",
      "/tmp",
      "box",
      "sleep",
      "900",
    ]);
    await engine.ok(["exec", "mounted", "sh", "-c", "echo x > /bin/cat.d/file; echo x > /tmp/file"]);
    const lines = await diff("mounted");
    assert.ok(!lines.some((line) => line.endsWith("/file")), lines.join("\n"));
  });

  test("nothing is made in a container's files for what is mounted, whatever its image lacks", async () => {
    const id = (await engine.ok(["create", "tug/hello"])).trim();
    await engine.ok(["start", "-a", id]);
    assert.deepEqual(await readdir(join(engine.data, "snapshots", id, "fs")), []);
    assert.deepEqual(await diff(id), []);
  });
});
