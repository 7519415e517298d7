import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePressure } from "./pressure.ts";

test("both lines of a file of pressure are read, and none of a file that is not there", () => {
  const text =
    "some avg10=0.87 avg60=5.79 avg300=19.57 total=11134363728\nfull avg10=0.00 avg60=0.01 avg300=0.02 total=0\n";
  assert.deepEqual(parsePressure(text), { some: [0.87, 5.79, 19.57], full: [0, 0.01, 0.02] });
  assert.equal(parsePressure(""), undefined);
});
