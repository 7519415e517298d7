import assert from "node:assert/strict";
import { test } from "node:test";
import { inTurns } from "./in-turns.ts";

test("who asks while it runs waits for one more run, together with others", async () => {
  const runs: PromiseWithResolvers<void>[] = [];
  const ask = inTurns(() => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  });
  const done: string[] = [];
  const asked = ["first", "second", "third"].map((name) => ask().then(() => done.push(name)));
  assert.equal(runs.length, 1);
  runs[0]?.resolve();
  await asked[0];
  assert.deepEqual([runs.length, done], [2, ["first"]]);
  runs[1]?.resolve();
  await Promise.all(asked);
  assert.deepEqual([runs.length, done], [2, ["first", "second", "third"]]);
});

test("a run that fails is the failure of those who waited for it, and of nobody else", async () => {
  let turn = 0;
  const ask = inTurns(async () => {
    turn += 1;
    if (turn === 1) throw new Error("full");
  });
  const [first, second] = [ask(), ask()];
  await assert.rejects(first, /full/);
  await second;
  await ask();
  assert.equal(turn, 3);
});
