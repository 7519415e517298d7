import assert from "node:assert/strict";
import { test } from "node:test";
import type { Slot } from "./field.ts";
import { cloneFlags } from "./flags.ts";
import { printOp, printPlan } from "./print.ts";
import { samplePlan } from "./testing/sample-plan.ts";

const from = "/mounts/3";

test("numbers are shown as the table says: octal, bits by name, unknown bits in hexadecimal", () => {
  assert.equal(
    printOp({ op: "directory", from, path: "/run/a b", mode: 0o711, flags: 3 }),
    'directory path="/run/a b" mode=0711 flags=PARENTS|MAY_EXIST',
  );
  assert.equal(printOp({ op: "spawn", from, flags: cloneFlags.NEWNS | 0x400 }), "spawn flags=NEWNS|0x400");
});

test("slots, bytes, lists and ignored errors", () => {
  assert.equal(
    printOp({ op: "seccomp", from, filter: new Uint8Array([1, 2, 3]) }),
    "seccomp filter=<3 bytes 039058c6f2c0>",
  );
  assert.equal(
    printOp({ op: "overlay", from, lowers: ["/a", "/b"], out: 7 as Slot, ignore: ["ENOENT"] }),
    "overlay lowers=[/a /b] out=%7 ignore=ENOENT",
  );
});

test("a plan is printed with phases and provenance, bindings by name", () => {
  const text = printPlan(samplePlan(), { bindings: [{ name: "id", value: "/run/c" }] });
  const lines = text.split("\n");
  assert.equal(lines[0], "host:");
  assert.match(lines[1] ?? "", /^ {3}0 prepare {2}directory path=<id> mode=0711 +# sample$/);
  assert.ok(lines.includes("init:"));
  assert.ok(lines.some((line) => /^ +\d+ identity boundingSet mask=0 /.test(line)));
});
