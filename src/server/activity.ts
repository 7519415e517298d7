import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** What is under way in the resident process. */
export type Activity = {
  /** Counts something until the returned function is called. */
  begin(kind: "command" | "question"): () => void;
  /** Commands under way; questions about the process itself are none. */
  readonly commands: number;
  /** How many things have begun so far. */
  readonly begun: number;
  /** Resolves when nothing at all is under way. */
  idle(): Promise<void>;
  /** Calls back each time the last thing under way has ended; returns what ends it. */
  onIdle(listener: () => void): () => void;
};

export function createActivity(): Activity {
  const counts = { command: 0, question: 0 };
  let begun = 0;
  const waiting = new Set<() => void>();
  const listeners = new Set<() => void>();
  const isIdle = (): boolean => counts.command + counts.question === 0;
  return {
    begin(kind) {
      counts[kind] += 1;
      begun += 1;
      let over = false;
      return () => {
        if (over) return;
        over = true;
        counts[kind] -= 1;
        if (!isIdle()) return;
        for (const resolve of waiting) resolve();
        waiting.clear();
        for (const listener of listeners) listener();
      };
    },
    get commands() {
      return counts.command;
    },
    get begun() {
      return begun;
    },
    onIdle(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    idle: () => (isIdle() ? Promise.resolve() : new Promise((resolve) => waiting.add(resolve))),
  };
}

/** Counts every request of a server until its answer is out, and every connection that became one of streams. */
export function countRequests(server: Server, activity: Activity): void {
  server.on("request", ({ url }: IncomingMessage, response: ServerResponse) => {
    response.once("close", activity.begin(isQuestion(url) ? "question" : "command"));
  });
  server.on("upgrade", (_: IncomingMessage, socket: Duplex) => {
    socket.once("close", activity.begin("command"));
  });
}

/** Whether a path is about the process itself, and not about anything that it does. */
function isQuestion(url = ""): boolean {
  return /^(\/v[\d.]+)?\/(_ping|tug\/engine)(\/|\?|$)/.test(url);
}
