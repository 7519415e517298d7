import type { Socket } from "node:net";
import { frontError, type Message, messageDecoder } from "./message.ts";

/** What front has sent, in order. */
export type Inbox = {
  /** The next message. @throws FRONT_PROTOCOL when it has another type, is broken, or never comes */
  next(type: number): Promise<Message>;
  /** Hands over the rest, as it comes. What `take` cannot understand, or what is broken, ends the connection. */
  forEach(take: (message: Message) => void): void;
};

/** The messages of a connection. */
export function createInbox(socket: Socket): Inbox {
  const waiting: Message[] = [];
  const decode = messageDecoder();
  let closed = false;
  let deliver = (message: Message): void => void waiting.push(message);
  let wake: () => void = () => undefined;
  socket.on("data", (chunk: Buffer) => {
    try {
      for (const message of decode(chunk)) deliver(message);
    } catch {
      socket.destroy();
    }
    wake();
  });
  socket.once("close", () => {
    closed = true;
    wake();
  });
  return {
    async next(type) {
      while (waiting.length === 0 && !closed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const message = waiting.shift();
      if (message?.type === type) return message;
      const came = message === undefined ? "has gone" : `sent a message of type ${message.type}`;
      throw frontError("PROTOCOL", `cannot go on with a command: front ${came}`);
    },
    forEach(take) {
      deliver = take;
      try {
        for (const message of waiting.splice(0)) take(message);
      } catch {
        socket.destroy();
      }
    },
  };
}
