import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const directory = mkdtempSync(join(tmpdir(), "tug-suite-"));
after(() => rmSync(directory, { recursive: true }));

/** Runs the suite on one file of tests, as npm test does. */
function runTests(text: string, ...options: string[]): string {
  const file = join(directory, "some.test.ts");
  writeFileSync(file, `import { suite, test } from "node:test";\n${text}`);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return execFileSync(process.execPath, [join(import.meta.dirname, "suite.ts"), ...options, directory], {
    encoding: "utf8",
    env,
  });
}

test("skips are listed by reason after node's own summary, most frequent first", () => {
  const output = runTests(`
    test("a", { skip: "needs a moon" }, () => {});
    test("b", { skip: "needs root" }, () => {});
    suite("c", { skip: "needs root" }, () => { test("inside", () => {}); });
    test("d", { skip: true }, () => {});
    test("e", (t) => { t.skip("needs root"); });
    test("f", (t) => { t.skip("needs root"); });
    test("runs", () => {});
  `);
  const summary = output.slice(output.indexOf("duration_ms")).split("\n").slice(1).join("\n").trim();
  assert.match(output, /pass 1\n/);
  assert.equal(
    summary,
    [
      "4 skipped: needs root",
      "    b",
      "    c",
      "    e",
      "    and 1 more",
      "1 skipped: needs a moon",
      "    a",
      "1 skipped: no reason given",
      "    d",
    ].join("\n"),
  );
});

test("options are handed to node, and a failing test fails the run", () => {
  const text = 'test("good", () => {}); test("bad", () => { throw new Error("no"); });';
  assert.match(runTests(text, "--test-name-pattern=good"), /pass 1\n/);
  assert.throws(() => runTests(text), { status: 1 });
});
