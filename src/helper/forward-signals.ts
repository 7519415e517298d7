import { constants } from "node:os";

/** Where the signals of this process are heard: `process`. */
export type SignalSource = {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
};

/** Cannot be caught; come from faults of a process's own; or concern this process alone. */
const ownSignals: readonly string[] = [
  ...["SIGKILL", "SIGSTOP"],
  ...["SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS", "SIGABRT"],
  ...["SIGCHLD", "SIGPIPE", "SIGWINCH"],
];

/** Every other signal that has a name, each number once. */
const forwarded = [
  ...new Map(Object.entries(constants.signals).map(([name, number]) => [number, name])).values(),
].filter(
  (name) => !ownSignals.includes(name) && !ownSignals.some((own) => sameSignal(own, name)),
) as NodeJS.Signals[];

/** Passes the signals that this process gets on to another, as long as the scope lasts. */
export function forwardSignals(
  source: SignalSource,
  target: { kill(signal: NodeJS.Signals): unknown },
): Disposable {
  const pass = (signal: NodeJS.Signals): void => void target.kill(signal);
  for (const signal of forwarded) source.on(signal, pass);
  return {
    [Symbol.dispose]() {
      for (const signal of forwarded) source.off(signal, pass);
    },
  };
}

function sameSignal(one: string, other: string): boolean {
  const numbers = constants.signals as Record<string, number>;
  return numbers[one] === numbers[other];
}
