import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { buildImage, debianProgram, mountsBelow, needsErofs, startRegistry } from "../environment/index.ts";
import { boxImage, leavesNothing, needsBox, useEngine } from "./harness/index.ts";

const layered = boxImage({
  layers: [
    {
      entries: [
        { path: "root", type: "directory", mode: 0o700 },
        { path: "data/kept", content: "low", mode: 0o4755 },
        { path: "data/gone", content: "low" },
        { path: "data/big", content: Buffer.alloc(400_000, "0123456789") },
      ],
    },
    { entries: [{ path: "data/.wh.gone" }, { path: "root/more", content: "top" }] },
  ],
});

describe("an engine with the snapshotter erofs", { skip: needsBox() || needsErofs() }, () => {
  const engine = useEngine(undefined, { snapshotter: "erofs" });
  const mounts = (): string[] => mountsBelow(join(engine.run, "layers")).sort();
  const snapshots = (): string[] => readdirSync(join(engine.data, "snapshots"));

  test("says so, and keeps layers as archives", async () => {
    assert.equal(await engine.ok(["info", "--format", "{{.Driver}}"]), "erofs\n");
    const places = snapshots().map((name) => join(engine.data, "snapshots", name));
    assert.equal(places.length, mounts().length);
    for (const place of places) {
      assert.deepEqual(readdirSync(place).sort(), ["index.erofs", "layer.tar", "outline"]);
    }
  });

  test("pulls, runs, changes, commits and removes, and nothing stays", {
    skip: debianProgram("docker-registry").skip,
  }, async () => {
    await using registry = await startRegistry();
    const name = await registry.push("layered:1", layered);
    await leavesNothing(engine, async () => {
      await engine.ok(["pull", name]);
      const script = "cat /data/kept /root/more; ls /data; stat -c %a /root /data/kept; md5sum < /data/big";
      const seen = await engine.ok(["run", "--rm", name, "sh", "-c", script]);
      assert.deepEqual(seen.split("\n").slice(0, 5), [
        "lowtopbig",
        "kept",
        "700",
        "4755",
        seen.split("\n")[4],
      ]);
      await engine.ok(["run", "-d", "--name", "worker", name, "sleep", "1000"]);
      await engine.ok(["exec", "worker", "sh", "-c", "echo new > /data/new; rm /data/kept; rm /root/more"]);
      const changes = (await engine.ok(["diff", "worker"])).trim().split("\n");
      assert.deepEqual(changes.sort(), ["A /data/new", "C /data", "C /root", "D /data/kept", "D /root/more"]);
      await engine.ok(["commit", "worker", "committed:1"]);
      await engine.ok(["rm", "-f", "worker"]);
      assert.equal(
        await engine.ok(["run", "--rm", "committed:1", "sh", "-c", "ls /data; cat /data/new"]),
        "big\nnew\nnew\n",
      );
      assert.match(await engine.ok(["system", "check"]), /nothing is wrong/);
      await engine.ok(["rmi", "committed:1", name]);
    });
    assert.equal(mounts().length, snapshots().length);
  });

  test("finds an archive that has changed, makes its layer anew, and containers run on it", async () => {
    await engine.load({ "layered:1": layered });
    const images = snapshots().map((name) => join(engine.data, "snapshots", name, "layer.tar"));
    const path = images.find((each) => readFileSync(each, "latin1").includes("0123456789012345")) ?? "";
    const before = readFileSync(path);
    writeFileSync(path, Buffer.from(before.toString("latin1").replace("6789", "XXXX"), "latin1"));
    const { code, stdout } = await engine.tug(["system", "check"]);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /problem: layer sha256:\w+ of .*layered:1 is damaged: its archive has another digest\n/,
    );
    assert.match(stdout, /, \d+ archives \([\d.]+\wB\), .* checked: 1 wrong/);
    assert.match(await engine.ok(["system", "check", "--repair"]), /repaired: layer sha256:/);
    assert.ok(readFileSync(path).equals(before));
    assert.equal(
      await engine.ok(["run", "--rm", "layered:1", "head", "-c", "10", "/data/big"]),
      "0123456789",
    );
    assert.match(await engine.ok(["system", "check"]), /nothing is wrong/);
    await engine.ok(["rmi", "layered:1"]);
  });

  test("goes on after SIGKILL: layers stay mounted, or are mounted again as after a reboot", async () => {
    await engine.ok(["run", "-d", "--name", "survivor", "box", "sleep", "1000"]);
    const before = mounts();
    await engine.stopEngine("SIGKILL");
    assert.deepEqual(mounts(), before);
    assert.equal(await engine.ok(["exec", "survivor", "echo", "here"]), "here\n");
    await engine.ok(["rm", "-f", "survivor"]);
    await engine.stopEngine("SIGKILL");
    for (const path of mounts()) execFileSync("umount", [path]);
    assert.deepEqual(mounts(), []);
    assert.equal(await engine.sh([], "echo again"), "again");
    assert.deepEqual(mounts(), before);
  });

  test("takes layers off when it ends, unless a container runs", async () => {
    await engine.ok(["run", "-d", "--name", "runs", "box", "sleep", "1000"]);
    const before = mounts();
    await engine.stopEngine("SIGTERM");
    assert.deepEqual(mounts(), before);
    await engine.ok(["rm", "-f", "runs"]);
    await engine.stopEngine("SIGTERM");
    assert.deepEqual(mounts(), []);
    assert.equal(await engine.sh([], "echo again"), "again");
    assert.deepEqual(mounts(), before);
  });

  test("leaves layers as they are when the setting changes, and new ones stand on them", async () => {
    const before = mounts();
    await engine.stopEngine("SIGTERM");
    const env = { TUG_SNAPSHOTTER: "overlay" };
    const top = buildImage({ layers: [{ entries: [{ path: "plain", content: "plain" }] }] });
    await engine.ok(["info"], { env });
    await engine.load({ "plain:1": top });
    assert.deepEqual(mounts(), before);
    await engine.ok(["run", "--name", "mixed", "box", "sh", "-c", "echo mixed > /etc/mixed"]);
    await engine.ok(["commit", "mixed", "mixed:1"]);
    await engine.ok(["rm", "mixed"]);
    assert.deepEqual(mounts(), before);
    assert.equal(await engine.ok(["run", "--rm", "mixed:1", "cat", "/etc/mixed"]), "mixed\n");
    await engine.ok(["rmi", "mixed:1", "plain:1"]);
    await engine.stopEngine("SIGTERM");
  });

  test("is what an engine takes that nobody told, where the kernel mounts files", async () => {
    const [major = 0, minor = 0] = release().split(".").map(Number);
    const mountsFiles = major > 6 || (major === 6 && minor >= 12);
    await engine.stopEngine("SIGTERM");
    const env = { TUG_SNAPSHOTTER: "" };
    const driver = await engine.ok(["info", "--format", "{{.Driver}}"], { env });
    assert.equal(driver, mountsFiles ? "erofs\n" : "overlay\n");
  });

  test("an unknown name is refused with those that there are", async () => {
    await engine.stopEngine("SIGTERM");
    const { code, stderr } = await engine.tug(["info"], { env: { TUG_SNAPSHOTTER: "zfs" } });
    assert.notEqual(code, 0);
    assert.match(stderr, /cannot use "zfs" as the snapshotter/);
    assert.match(stderr, /it is one of overlay, erofs/);
  });
});
