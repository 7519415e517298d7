import assert from "node:assert/strict";
import { readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { after, before, describe, test } from "node:test";
import { requireRoot, startTug, type TugInstance } from "../environment/index.ts";

describe("tug run tug/hello", { skip: requireRoot() }, () => {
  let instance: TugInstance;
  before(async () => {
    instance = await startTug();
  });
  after(() => instance[Symbol.asyncDispose]());

  async function hello(...options: string[]): Promise<Map<string, string>> {
    const { code, stdout, stderr } = await instance.tug(["run", "--rm", ...options, "tug/hello"]);
    assert.equal(code, 0, stderr);
    return new Map(
      stdout.split("\n").flatMap((line) => {
        const match = /^ {2}([a-z ]+): +(.*)$/.exec(line);
        return match === null ? [] : [[match[1] ?? "", match[2] ?? ""] as const];
      }),
    );
  }

  test("is pid 1 under a name of its own, in namespaces that are not the host's", async () => {
    const facts = await hello();
    assert.equal(facts.get("pid"), "1");
    assert.match(facts.get("hostname") ?? "", /^[0-9a-f]{12}$/);
    assert.notEqual(facts.get("hostname"), hostname());
    for (const kind of ["ipc", "mnt", "net", "pid", "uts"]) {
      const inside = facts.get(`${kind} namespace`);
      assert.match(inside ?? "", new RegExp(`^${kind}:\\[\\d+\\]$`));
      assert.notEqual(inside, readlinkSync(`/proc/self/ns/${kind}`));
    }
    assert.equal(facts.get("user namespace"), readlinkSync("/proc/self/ns/user"));
    assert.equal(facts.get("memory limit"), "none");
    assert.equal(facts.get("capabilities"), "00000000a80425fb");
  });

  test("--memory and --hostname change what it sees", async () => {
    const facts = await hello("--memory", "100m", "--hostname", "box", "--cap-drop", "ALL", "--user", "7:8");
    assert.equal(facts.get("memory limit"), String(100 * 1024 * 1024));
    assert.equal(facts.get("hostname"), "box");
    assert.equal(facts.get("capabilities"), "0000000000000000");
    assert.equal(facts.get("user"), "7:8");
  });

  test("--network host and --pid host share the host's", async () => {
    const facts = await hello("--network", "host", "--pid", "host");
    assert.equal(facts.get("net namespace"), readlinkSync("/proc/self/ns/net"));
    assert.equal(facts.get("pid namespace"), readlinkSync("/proc/self/ns/pid"));
  });

  test("explain prints the digest that the helper then reports", async () => {
    const explained = await instance.tug(["explain", "run", "--format", "digest", "tug/hello"]);
    assert.equal(explained.code, 0, explained.stderr);
    await instance.tug(["run", "--name", "digest", "tug/hello"]);
    const shown = await instance.tug(["inspect", "--format", "{{.PlanDigest}}", "digest"]);
    assert.equal(shown.stdout, explained.stdout);
    await instance.tug(["rm", "digest"]);
  });
});
