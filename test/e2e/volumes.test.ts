import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { needsBox, useEngine } from "./harness/index.ts";

describe("tug volume", { skip: needsBox() }, () => {
  const engine = useEngine();
  const names = async (...filter: string[]) =>
    (await engine.ok(["volume", "ls", "-q", ...filter])).split("\n").filter((name) => name !== "");

  test("a volume is there before and after its containers, with what they wrote", async () => {
    assert.equal(await engine.ok(["volume", "create", "--label", "stage=test", "kept"]), "kept\n");
    await engine.sh(["-v", "kept:/data"], "echo one >/data/file");
    assert.equal(await engine.sh(["-v", "kept:/data:ro"], "cat /data/file"), "one");
    const place = (await engine.ok(["volume", "inspect", "-f", "{{.Mountpoint}}", "kept"])).trim();
    assert.equal(await readFile(join(place, "file"), "utf8"), "one\n");
    assert.equal(await engine.ok(["volume", "inspect", "-f", "{{.Labels.stage}}", "kept"]), "test\n");
    await engine.ok(["volume", "rm", "kept"]);
    assert.equal(existsSync(place), false);
    assert.deepEqual(await names(), []);
  });

  test("one that a container has, running or not, cannot be removed", async () => {
    await engine.ok(["create", "--name", "holder", "-v", "held:/data", "box"]);
    const id = (await engine.ok(["inspect", "-f", "{{.Id}}", "holder"])).trim();
    const refused = await engine.tug(["volume", "rm", "-f", "held"]);
    assert.equal(refused.code, 1);
    assert.equal(refused.stderr.split("\n")[0], `tug: remove held: volume is in use - [${id}]`);
    assert.deepEqual(await names("-f", "dangling=false"), ["held"]);
    assert.match(await engine.ok(["volume", "prune", "-af"]), /^Total reclaimed space: 0B$/m);
    await engine.ok(["rm", "holder"]);
    await engine.ok(["volume", "rm", "held"]);
  });

  test("volumes without a name are pruned first, and what they took is told", async () => {
    await engine.ok(["volume", "create", "named"]);
    await engine.ok([
      "run",
      "--name",
      "writer",
      "-v",
      "/data",
      "box",
      "sh",
      "-c",
      "head -c 1000000 /dev/zero >/data/x",
    ]);
    const df = await engine.ok([
      "system",
      "df",
      "--format",
      "{{.Type}}: {{.TotalCount}} {{.Active}} {{.Size}}",
    ]);
    assert.match(df, /^Local Volumes: 2 1 1(\.\d+)?MB$/m);
    await engine.ok(["rm", "writer"]);
    assert.match(
      await engine.ok(["volume", "prune", "-f"]),
      /^Deleted Volumes:\n[0-9a-f]{64}\n\nTotal reclaimed space: 1(\.\d+)?MB\n$/,
    );
    assert.deepEqual(await names(), ["named"]);
    assert.match(await engine.ok(["volume", "prune", "-af"]), /^Deleted Volumes:\nnamed\n/);
  });

  test("with o=bind a volume is a directory of the host, which stays", async () => {
    const directory = join(engine.directory, "shared");
    await mkdir(directory);
    const options = ["type=none", "o=bind", `device=${directory}`].flatMap((option) => ["-o", option]);
    await engine.ok(["volume", "create", ...options, "shared"]);
    await writeFile(join(directory, "from-host"), "host\n");
    assert.equal(
      await engine.sh(["-v", "shared:/data"], "cat /data/from-host; touch /data/from-box"),
      "host",
    );
    assert.deepEqual((await readdir(directory)).sort(), ["from-box", "from-host"]);
    await engine.ok(["volume", "rm", "shared"]);
    assert.deepEqual((await readdir(directory)).sort(), ["from-box", "from-host"]);
    const refused = await engine.tug(["volume", "create", "-o", "type=nfs", "-o", "device=:/x", "remote"]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /cannot make volume remote: the options type=nfs, o= are not there/);
    assert.deepEqual(await names(), []);
  });

  test("the next engine knows them, also those that nothing is on record of, and finishes removals", async () => {
    await engine.ok(["volume", "create", "--label", "a=b", "known"]);
    await engine.stopEngine("SIGKILL");
    await mkdir(join(engine.data, "volumes/found/_data"), { recursive: true });
    assert.deepEqual(await names(), ["found", "known"]);
    assert.equal(await engine.ok(["volume", "inspect", "-f", "{{.Labels.a}}", "known"]), "b\n");
    await engine.ok(["volume", "rm", "known", "found"]);
    const told = await engine.ok([
      "events",
      "--since",
      "5m",
      "--until",
      "0s",
      "--filter",
      "type=volume",
      "--format",
      "{{.Action}} {{.Actor.ID}}",
    ]);
    assert.match(told, /^create known\n(.*\n)*destroy known\ndestroy found\n$/m);
  });

  test("--volumes-from gives a container the mounts of another, --rm leaves them", async () => {
    await engine.ok([
      "run",
      "--name",
      "source",
      "-v",
      "/data",
      "-v",
      `${engine.directory}:/host:ro`,
      "box",
      "sh",
      "-c",
      "echo hi >/data/x",
    ]);
    assert.equal(
      await engine.sh(["--volumes-from", "source"], "cat /data/x; touch /host/x 2>&1 || true"),
      "hi\ntouch: /host/x: Read-only file system",
    );
    const readOnly = await engine.tug([
      "run",
      "--rm",
      "--volumes-from",
      "source:ro",
      "box",
      "touch",
      "/data/y",
    ]);
    assert.match(readOnly.stderr, /Read-only file system/);
    assert.equal(await engine.sh(["--volumes-from", "source"], "cat /data/x"), "hi");
    const missing = await engine.tug(["run", "--rm", "--volumes-from", "absent", "box", "true"]);
    assert.deepEqual([missing.code, /No such container: absent/.test(missing.stderr)], [125, true]);
    await engine.ok(["rm", "-v", "source"]);
    assert.deepEqual(await names(), []);
  });
});
