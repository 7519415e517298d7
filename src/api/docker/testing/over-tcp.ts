import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";

/**
 * Makes a unix socket reachable over TCP, on loopback, for clients that know nothing else.
 *
 * @returns with the port; going out of scope it accepts nobody any more
 */
export async function overTcp(socketPath: string): Promise<AsyncDisposable & { readonly port: number }> {
  await using opened = new AsyncDisposableStack();
  const server = opened.use(
    createServer({ allowHalfOpen: true }, (client) => {
      const socket = connect({ path: socketPath, allowHalfOpen: true });
      client.pipe(socket).pipe(client);
      client.on("error", () => socket.destroy());
      socket.on("error", () => client.destroy());
    }),
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const kept = opened.move();
  return { port, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
