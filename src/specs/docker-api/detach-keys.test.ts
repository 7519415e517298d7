import assert from "node:assert/strict";
import { test } from "node:test";
import { createDetachDetector, DEFAULT_DETACH_KEYS, parseDetachKeys } from "./detach-keys.ts";

test("key names become bytes", () => {
  assert.deepEqual([...parseDetachKeys(DEFAULT_DETACH_KEYS)], [16, 17]);
  assert.deepEqual(
    [...parseDetachKeys("ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_,a")],
    [0, 27, 28, 29, 30, 31, 97],
  );
  for (const keys of ["", "ctrl-", "ctrl-A", "shift-x", "ab", "a,"]) {
    assert.throws(() => parseDetachKeys(keys), /invalid detach keys/);
  }
});

function feed(pieces: number[][]) {
  const detect = createDetachDetector(parseDetachKeys(DEFAULT_DETACH_KEYS));
  const passed: number[] = [];
  for (const piece of pieces) {
    const { pass, detached } = detect(Uint8Array.from(piece));
    passed.push(...pass);
    if (detached) return { passed, detached };
  }
  return { passed, detached: false };
}

test("the sequence is found across pieces and not passed on", () => {
  assert.deepEqual(
    feed([
      [97, 16],
      [17, 98],
    ]),
    { passed: [97], detached: true },
  );
});

test("the beginning of a sequence that does not continue is passed on", () => {
  assert.deepEqual(feed([[16], [97]]), { passed: [16, 97], detached: false });
  assert.deepEqual(feed([[16, 16, 17]]), { passed: [16], detached: true });
});
