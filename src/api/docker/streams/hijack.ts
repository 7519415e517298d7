import type { Duplex } from "node:stream";
import { drained } from "../../../base/index.ts";
import { dockerApi } from "../../../specs/index.ts";
import type { AttachedStreams } from "../answer.ts";

/**
 * Makes a connection the standard streams of a container until the output ends, the client goes away or types the detach
 * keys. Source: swagger.yaml, operation `ContainerAttach`, "Hijacking".
 *
 * The two directions end on their own, unless the client cannot say that it ends only one: a client that has no input closes
 * its half at once and still wants the output.
 *
 * @param head bytes that arrived together with the request
 * @param answer.endsWithInput the end of the input, when all of it is taken, is the end of the attachment
 */
export async function serveHijack(
  socket: Duplex,
  head: Uint8Array,
  answer: AttachedStreams & { readonly endsWithInput?: boolean },
): Promise<void> {
  const { attachment } = answer;
  // A broken connection ends the pumps; what broke it is of no use to anybody.
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", resolve));
  const input = pumpInput(socket, head, answer);
  try {
    const detached = input.detached.then(() => attachment.detach());
    const left = answer.endsWithInput === true ? [input.ended] : [];
    await Promise.race([pumpOutput(socket, answer), detached, closed, ...left]);
  } finally {
    input.stop();
    await attachment.close();
    // The client may have more to say: its half stays open until it closes it, and what it sends is dropped.
    socket.resume();
    socket.end();
  }
}

async function pumpOutput(socket: Duplex, { attachment, framed }: AttachedStreams): Promise<void> {
  for await (const { stream, data } of attachment.output) {
    if (socket.destroyed) return;
    socket.cork();
    if (framed) socket.write(dockerApi.encodeFrameHeader(stream, data.length));
    const roomLeft = socket.write(data);
    socket.uncork();
    if (!roomLeft) await drained(socket);
  }
}

/**
 * Copies input until its end. `detached` is resolved by the detach keys and by nothing else, `ended` when the container has
 * been given all of the input, and its end.
 */
function pumpInput(socket: Duplex, head: Uint8Array, answer: AttachedStreams) {
  const { attachment } = answer;
  const { promise: ended, resolve: finish } = Promise.withResolvers<void>();
  const { promise: detached, resolve: detach } = Promise.withResolvers<void>();
  const detector =
    answer.detachKeys === undefined ? undefined : dockerApi.createDetachDetector(answer.detachKeys);
  let queue: Promise<void> = Promise.resolve();
  let stopped = false;

  const take = (bytes: Uint8Array): void => {
    if (stopped || !answer.stdin || bytes.length === 0) return;
    const found = detector?.(bytes) ?? { pass: bytes, detached: false };
    socket.pause();
    queue = queue
      .then(() => (found.pass.length > 0 && !stopped ? attachment.write(found.pass) : undefined))
      // Nobody reads stdin any more: go on with the output, drop the rest of the input.
      .catch(() => stop())
      .then(() => void socket.resume());
    if (found.detached) queue = queue.then(detach);
  };
  const end = (): void => {
    // A terminal has no end of input: a client that leaves one only detaches.
    if (answer.stdin && !attachment.tty)
      queue = queue.then(() => attachment.closeStdin()).catch(() => undefined);
    queue = queue.then(finish);
  };
  const stop = (): void => {
    stopped = true;
  };
  socket.on("data", take);
  socket.once("end", end);
  // Whoever read the body of the request may have paused it.
  socket.resume();
  take(head);
  return { detached, ended, stop };
}
