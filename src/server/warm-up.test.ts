import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createActivity } from "./activity.ts";
import { warmUpAtRest } from "./warm-up.ts";

/** Counts rounds, and resolves `over` when all are done. */
function rehearsal(rounds: number, code = 0) {
  const over = Promise.withResolvers<void>();
  const count = { rounds: 0 };
  const rehearse = async (): Promise<number> => {
    count.rounds += 1;
    if (count.rounds === rounds) over.resolve();
    return code;
  };
  return { rehearse, count, over: over.promise };
}

/** Waits; what a process at rest waits with does not keep it alive. */
async function awake(over: Promise<void>): Promise<void> {
  const timer = setInterval(() => {}, 1000);
  try {
    await over;
  } finally {
    clearInterval(timer);
  }
}

test("a process at rest rehearses so often and not more", async () => {
  const { rehearse, count, over } = rehearsal(5);
  const end = warmUpAtRest(createActivity(), { rehearse, rest: 1, rounds: 5 });
  await awake(over);
  await sleep(20);
  assert.equal(count.rounds, 5);
  end();
});

test("nothing is rehearsed while a command is under way, and all of it when that is over", async () => {
  const activity = createActivity();
  const { rehearse, count, over } = rehearsal(5);
  const done = activity.begin("command");
  const end = warmUpAtRest(activity, { rehearse, rest: 1, rounds: 5 });
  await sleep(50);
  assert.equal(count.rounds, 0);
  done();
  await awake(over);
  assert.equal(count.rounds, 5);
  end();
});

test("a command that comes ends the round, and the rest of them waits until it is over", async () => {
  const activity = createActivity();
  let done: (() => void) | undefined;
  let rounds = 0;
  const over = Promise.withResolvers<void>();
  const rehearse = async (): Promise<number> => {
    rounds += 1;
    if (rounds === 2) done = activity.begin("command");
    if (rounds === 5) over.resolve();
    return 0;
  };
  const end = warmUpAtRest(activity, { rehearse, rest: 1, rounds: 5 });
  while (done === undefined) await sleep(1);
  await sleep(50);
  assert.equal(rounds, 2);
  done();
  await awake(over.promise);
  assert.equal(rounds, 5);
  end();
});

test("what fails is not rehearsed again, and what was ended is not begun", async () => {
  const failing = rehearsal(1, 1);
  const thrown = { rounds: 0 };
  const ended = rehearsal(1);
  const ends = [
    warmUpAtRest(createActivity(), { rehearse: failing.rehearse, rest: 1, rounds: 5 }),
    warmUpAtRest(createActivity(), {
      rehearse: async () => {
        thrown.rounds += 1;
        throw new Error("closed");
      },
      rest: 1,
      rounds: 5,
    }),
  ];
  warmUpAtRest(createActivity(), { rehearse: ended.rehearse, rest: 1, rounds: 5 })();
  await sleep(50);
  assert.deepEqual([failing.count.rounds, thrown.rounds, ended.count.rounds], [1, 1, 0]);
  for (const end of ends) end();
});
