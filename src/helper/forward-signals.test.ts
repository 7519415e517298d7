import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { constants } from "node:os";
import { test } from "node:test";
import { forwardSignals } from "./forward-signals.ts";

test("signals are passed on as long as the scope lasts, each number once", () => {
  const source = new EventEmitter();
  const got: string[] = [];
  {
    using _ = forwardSignals(source, { kill: (signal) => got.push(signal) });
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"]) source.emit(signal, signal);
    const numbers = source
      .eventNames()
      .map((name) => (constants.signals as Record<string, number>)[String(name)]);
    assert.equal(new Set(numbers).size, numbers.length);
  }
  source.emit("SIGTERM", "SIGTERM");
  assert.deepEqual(got, ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"]);
  assert.deepEqual(source.eventNames(), []);
});

test("signals that cannot be caught, and those of this process alone, are left alone", () => {
  const source = new EventEmitter();
  using _ = forwardSignals(source, { kill: () => true });
  for (const signal of [
    "SIGKILL",
    "SIGSTOP",
    "SIGCHLD",
    "SIGPIPE",
    "SIGSEGV",
    "SIGABRT",
    "SIGIOT",
    "SIGWINCH",
  ])
    assert.equal(source.listenerCount(signal), 0, signal);
});
