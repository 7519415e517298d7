import { connect } from "node:http2";
import { createConnection } from "node:net";
import { type Decoded, decode, encode, type Fields } from "./protobuf.ts";

/** A client of the Container Runtime Interface. */
export type CriClient = Disposable & {
  /** Calls a method of runtime.v1.RuntimeService; fails with what the server says. */
  call(method: string, request: Fields): Promise<Decoded>;
};

/** The longest that one call may take, in milliseconds. */
const PATIENCE = 30_000;

/** Source: https://github.com/grpc/grpc/blob/v1.70.0/doc/PROTOCOL-HTTP2.md */
export function connectCri(socket: string): CriClient {
  const session = connect("http://localhost", { createConnection: () => createConnection(socket) });
  session.on("error", () => undefined);
  return {
    async call(method, request) {
      const stream = session.request({
        ":method": "POST",
        ":path": `/runtime.v1.RuntimeService/${method}`,
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.setTimeout(PATIENCE, () => stream.destroy(new Error(`${method} takes too long`)));
      let status: Record<string, unknown> = {};
      const keep = (headers: Record<string, unknown>): void => {
        status = { ...status, ...headers };
      };
      stream.on("response", keep).on("trailers", keep);
      const message = encode(request);
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(message.length, 1);
      stream.end(Buffer.concat([prefix, message]));
      const answer = Buffer.concat(await stream.toArray());
      if (status["grpc-status"] !== "0") {
        throw new Error(`${method}: ${decodeURIComponent(String(status["grpc-message"]))}`);
      }
      return decode(answer.subarray(5));
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}
