import type { Writable } from "node:stream";

/** Resolves when a stream that is full takes bytes again, or never will. */
export function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const events = ["drain", "close", "error"] as const;
    const settle = () => {
      for (const event of events) stream.off(event, settle);
      resolve();
    };
    for (const event of events) stream.on(event, settle);
    if (stream.destroyed) settle();
  });
}
