import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { before, describe, test } from "node:test";
import { connect } from "../../src/api/docker/client/index.ts";
import { needsBox, useEngine } from "../e2e/harness/index.ts";
import { type CopyOptions, copyPackage, type PackageCopy } from "./package-copy.ts";

const skip = needsBox();
const ALIVE = [
  "run",
  "-d",
  "--name",
  "alive",
  "box",
  "sh",
  "-c",
  "trap 'exit 7' TERM; while :; do sleep 0.1; done",
];

describe("an upgrade under a running container", { skip }, () => {
  const engine = useEngine();
  before(() => engine.ok(ALIVE));
  let builds = 0;
  /** A package of a build that there was not before. */
  const anotherBuild = (options: CopyOptions = {}): Promise<PackageCopy> => {
    builds += 1;
    return copyPackage(engine, `build-${builds}`, { build: String(builds).padStart(32, "0"), ...options });
  };
  const resident = async () => {
    using client = connect({ socket: join(engine.run, "tug.sock") });
    return await client.tug.engine();
  };
  const pidOf = async (name: string) => (await engine.ok(["inspect", "-f", "{{.State.Pid}}", name])).trim();
  const ok = async (from: PackageCopy, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await from.tug(args);
    assert.equal(code, 0, stderr);
    return stdout.trim();
  };

  test("a tug of another build gets an engine of its own, and the container goes on", async () => {
    const before = await resident();
    const pid = await pidOf("alive");
    const newer = await anotherBuild();
    assert.match(await ok(newer, "ps"), /alive/);
    const after = await resident();
    assert.equal(after.Build, newer.build);
    assert.notEqual(after.Pid, before.Pid);
    assert.equal(
      await ok(newer, "inspect", "-f", "{{.State.Pid}} {{.State.Status}}", "alive"),
      `${pid} running`,
    );
    await ok(newer, "exec", "alive", "true");
    assert.equal(await ok(newer, "run", "--rm", "box", "echo", "new"), "new");
    await ok(newer, "stop", "alive");
    assert.equal(await ok(newer, "inspect", "-f", "{{.State.ExitCode}}", "alive"), "7");
    assert.equal((await resident()).Pid, after.Pid);
    await ok(newer, "start", "alive");
  });

  test("what an engine is made of is kept beside its data, without older versions", async () => {
    const versions = () => readdirSync(join(engine.data, "versions"));
    const [own = ""] = versions();
    const newer = await anotherBuild();
    await ok(newer, "ps");
    const now = versions();
    assert.equal(now.length, 1);
    assert.notEqual(now[0], own);
    const copied = join(engine.data, "versions", now[0] ?? "", "dist");
    for (const file of readdirSync(join(newer.path, "dist/bin"))) {
      assert.deepEqual(
        readFileSync(join(copied, "bin", file)),
        readFileSync(join(newer.path, "dist/bin", file)),
      );
    }
  });

  test("an engine needs nothing of the package that it was started from", async () => {
    const gone = await anotherBuild();
    const same = await copyPackage(engine, "same", { build: gone.build });
    await ok(gone, "ps");
    const { Pid } = await resident();
    await rm(gone.path, { recursive: true });
    assert.equal(await ok(same, "run", "--rm", "box", "echo", "still"), "still");
    await ok(same, "exec", "alive", "true");
    assert.equal((await resident()).Pid, Pid);
  });

  test("an engine with commands under way is not replaced, and serves the other build meanwhile", async () => {
    const same = await anotherBuild();
    await ok(same, "ps");
    const before = await resident();
    const newer = await anotherBuild();
    const script = "echo begun; read line; echo got $line";
    const attached = spawn(same.program, ["front", "run", "--rm", "-i", "box", "sh", "-c", script], {
      env: engine.env,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface(attached.stdout)[Symbol.asyncIterator]();
    assert.equal((await lines.next()).value, "begun");
    assert.match(await ok(newer, "ps"), /alive/);
    await ok(newer, "exec", "alive", "true");
    assert.deepEqual(await resident(), before);
    attached.stdin.end("this\n");
    assert.equal((await lines.next()).value, "got this");
    assert.deepEqual(await once(attached, "exit"), [0, null]);
    await ok(newer, "ps");
    assert.equal((await resident()).Build, newer.build);
  });

  test("an engine of a newer version is used as it is", async () => {
    const before = await resident();
    const older = await anotherBuild({ version: "0.0.1" });
    assert.match(await ok(older, "ps"), /alive/);
    assert.deepEqual(await resident(), before);
  });

  test("who may not start an engine uses the one that is there", async () => {
    const before = await resident();
    const newer = await anotherBuild();
    const { code, stdout } = await newer.tug(["ps"], { before: ["setpriv", "--no-new-privs"] });
    assert.equal(code, 0);
    assert.match(stdout, /alive/);
    assert.deepEqual(await resident(), before);
  });

  test("many commands of the other build at once get one engine, and all succeed", async () => {
    const newer = await anotherBuild();
    const outputs = await Promise.all(
      Array.from({ length: 10 }, () => ok(newer, "ps", "--format", "{{.Names}}")),
    );
    assert.deepEqual(new Set(outputs), new Set(["alive"]));
    assert.equal((await resident()).Build, newer.build);
  });
});
