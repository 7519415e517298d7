import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Plan } from "../plan/index.ts";
import type { FrontConnection } from "./connection.ts";
import { frontHelper } from "./oci-session.ts";

const plan: Plan = { host: [{ op: "remove", from: "test", path: "/nowhere" }], stage: [], init: [] };

/** A connection of a front that has not said `go` yet, and what it was sent. */
function waiting() {
  const admission = Promise.withResolvers<void>();
  const sent: { number: number; isLast: boolean }[] = [];
  const connection: Partial<FrontConnection> = {
    admitted: admission.promise,
    gone: new AbortController().signal,
    onAnswer: () => () => undefined,
    sendPlan: (number, _message, isLast) => void sent.push({ number, isLast }),
  };
  return { admission, sent, helper: frontHelper(connection as FrontConnection) };
}

test("a plan is sent when front has said that the command is wanted, and not before", async () => {
  const { admission, sent, helper } = waiting();
  helper.start(plan);
  helper.start(plan, { isLast: true });
  await turn();
  assert.deepEqual(sent, []);
  admission.resolve();
  await turn();
  assert.deepEqual(sent, [
    { number: 1, isLast: false },
    { number: 2, isLast: true },
  ]);
});

test("a front that goes before gets no plan", async () => {
  const { admission, sent, helper } = waiting();
  const { result } = helper.start(plan);
  admission.reject(new Error("gone"));
  await assert.rejects(result, { code: "HELPER_LOST" });
  assert.deepEqual(sent, []);
});
