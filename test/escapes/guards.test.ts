import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkout } from "../../tools/test/cache.ts";
import { cannotBuild, runtimeWithout } from "./harness/index.ts";

const read = (path: string): string => readFileSync(join(checkout, path), "latin1");
const mark = "tug-helper without guards";

/** The names in a text that a pattern finds, sorted. */
function names(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, name = ""]) => name))].sort();
}

test("every guard has a careless twin, and an escape that is tried with it", () => {
  const guards = [...names(read("helper/guard.h"), /^\w+ (guard_\w+)\(/gm), "seal"].sort();
  const twins = names(read("helper/tests/unguarded.c"), /__wrap_(\w+)\(/g);
  const tests = globSync("test/escapes/*.test.ts", {
    cwd: checkout,
    exclude: ["test/escapes/guards.test.ts"],
  });
  const tried = names(tests.map(read).join(""), /"(seal|guard_\w+)"/g);
  assert.deepEqual(twins, guards);
  assert.deepEqual(tried, guards);
});

test("the released helper has no way to go without a guard", {
  skip: cannotBuild,
}, async () => {
  await using unguarded = await runtimeWithout("guard_open");
  assert.ok(readFileSync(unguarded.helper, "latin1").includes(mark));
  assert.ok(!read("dist/helper/tug-helper").includes(mark));
  const build = execFileSync("make", ["-C", join(checkout, "helper"), "-n", "-B", "all"], {
    encoding: "utf8",
  });
  assert.match(build, /guard\.c/);
  assert.doesNotMatch(build, /unguarded|--wrap/);
});
