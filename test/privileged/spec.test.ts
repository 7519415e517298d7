import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parseSpec } from "../../src/specs/oci-runtime/index.ts";
import { container, differs, runAtTerminal, skip, succeeded } from "./harness/index.ts";

test("spec writes a configuration that runs as it is: a shell on the caller's terminal", {
  skip,
}, async () => {
  await using made = await container();
  rmSync(join(made.bundle, "config.json"));
  succeeded(await made.runtime(["spec"]));
  await using caller = runAtTerminal(["--root", made.root, "run", made.id], made.bundle);
  caller.type("stty -echo; echo $((6 * 7)); touch /x; exit 7\n");
  assert.equal(await caller.ended(), 7);
  assert.match(caller.shown(), /\r\n42\r\n/);
  assert.match(caller.shown(), /[Rr]ead-only file system/);
  made.assertNothingLeft();
});

test("spec writes it into the bundle it is given, and replaces none", {
  skip: skip || differs({ crun: "has words of its own" }),
}, async () => {
  await using made = await container();
  const other = join(made.directory, "other");
  await mkdir(other);
  for (const flag of ["--bundle", "-b"]) {
    await using _ = { [Symbol.asyncDispose]: async () => rmSync(join(other, "config.json")) };
    succeeded(await made.runtime(["spec", flag, other]));
    const { value, warnings } = parseSpec(readFileSync(join(other, "config.json"), "utf8"));
    assert.deepEqual([value.process.args, warnings], [["sh"], []]);
  }
  await writeFile(join(other, "config.json"), "mine");
  const { code, stderr } = await made.runtime(["spec", "--bundle", other]);
  assert.notEqual(code, 0);
  assert.match(stderr, /exists/);
  assert.equal(readFileSync(join(other, "config.json"), "utf8"), "mine");
});

test("spec --rootless maps the caller to root", {
  skip: skip || differs({ crun: "maps nobody for root" }),
}, async () => {
  await using made = await container();
  rmSync(join(made.bundle, "config.json"));
  succeeded(await made.runtime(["spec", "--rootless"]));
  const { value } = parseSpec(readFileSync(join(made.bundle, "config.json"), "utf8"));
  assert.ok(value.linux?.namespaces?.some(({ type }) => type === "user"));
  assert.deepEqual(value.linux?.uidMappings, [{ containerID: 0, hostID: 0, size: 1 }]);
});

test("spec into a directory that is not there is an error with its path", { skip }, async () => {
  await using made = await container();
  const { code, stderr } = await made.runtime(["spec", "--bundle", "/nonexistent"]);
  assert.notEqual(code, 0);
  assert.match(stderr, /\/nonexistent/);
  assert.ok(!existsSync("/nonexistent"));
});
