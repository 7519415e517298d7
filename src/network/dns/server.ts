import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, isIPv6, type Socket } from "node:net";
import type { Logger } from "../../base/index.ts";
import { formatIp, parseIp } from "../address/ip.ts";
import { forwardQuery, framed, readFrames } from "./forward.ts";
import {
  answerQuery,
  type DnsData,
  parseQuery,
  recordTypes,
  refuse,
  responseCodes,
  reverseAddress,
} from "./message.ts";

/** What the names of a network lead to. */
export interface NameTable {
  /**
   * Addresses of a name, which may be none of a version of IP; undefined: the name is not of a network of whoever asks.
   *
   * @param asker the address that the question comes from
   */
  addressesOf(name: string, asker: string): readonly string[] | undefined;
  /** Name of whoever has an address. */
  nameOf(address: string): string | undefined;
}

export type DnsServerOptions = {
  readonly address: string;
  /** 0: the kernel chooses. */
  readonly port: number;
  readonly names: NameTable;
  /** The servers for names that are not of this network, as they are now. */
  readonly upstream: () => readonly string[] | Promise<readonly string[]>;
  readonly logger: Logger;
};

export type DnsServer = AsyncDisposable & { readonly port: number };

/** How many queries may wait for other servers at once, and how long a silent client may keep a connection. */
const WAITING = 512;
const SILENCE = 10_000;

/** Serves the names of a network over UDP and TCP, and hands all other queries on. */
export async function serveNames(options: DnsServerOptions): Promise<DnsServer> {
  const stop = new AbortController();
  let waiting = 0;
  const answer: Answer = async (message, { asker, stream }) => {
    const query = parseQuery(message);
    const known = query && answerHere(options.names, query, asker);
    if (known !== undefined) return known;
    if (query === undefined) return refuse(message, responseCodes.FORMAT);
    if (waiting >= WAITING) return refuse(message, responseCodes.SERVER_FAILURE);
    waiting += 1;
    try {
      const servers = await options.upstream();
      const forwarded = await forwardQuery(message, { servers, stream, signal: stop.signal });
      return forwarded ?? answerQuery(query, [], responseCodes.SERVER_FAILURE);
    } finally {
      waiting -= 1;
    }
  };
  const datagrams = createSocket(isIPv6(options.address) ? "udp6" : "udp4");
  const streams = createServer();
  const clients = new Set<Socket>();
  const failed = (error: unknown): void => {
    if (!stop.signal.aborted) options.logger.log("debug", "network.dns", { error: String(error) });
  };
  datagrams.on("error", failed);
  datagrams.on("message", (message, { port, address }) => {
    answer(message, { asker: address, stream: false }).then(
      (reply) => reply && datagrams.send(reply, port, address, () => undefined),
      failed,
    );
  });
  streams.on("error", failed);
  streams.on("connection", (client) => {
    clients.add(client);
    client.once("close", () => clients.delete(client));
    client.setTimeout(SILENCE, () => client.destroy());
    serveClient(client, answer).catch(failed);
  });
  const port = await listen(datagrams, streams, options);
  return {
    port,
    async [Symbol.asyncDispose]() {
      stop.abort();
      for (const client of clients) client.destroy();
      datagrams.close();
      streams.close();
      await once(streams, "close");
    },
  };
}

/** Both on one port: where the kernel has chosen one that is taken for the other protocol, another is tried. */
async function listen(
  datagrams: ReturnType<typeof createSocket>,
  streams: ReturnType<typeof createServer>,
  { address, port }: DnsServerOptions,
): Promise<number> {
  streams.listen({ host: address, port, exclusive: true });
  await once(streams, "listening");
  const bound = streams.address();
  const chosen = typeof bound === "object" && bound !== null ? bound.port : port;
  try {
    datagrams.bind({ address, port: chosen, exclusive: true });
    await once(datagrams, "listening");
  } catch (error) {
    streams.close();
    throw error;
  }
  return chosen;
}

/** Undefined: there is nothing to say. */
type Answer = (message: Buffer, from: { asker: string; stream: boolean }) => Promise<Buffer | undefined>;

async function serveClient(client: Socket, answer: Answer): Promise<void> {
  const asker = client.remoteAddress ?? "";
  for await (const message of readFrames(client)) {
    const reply = await answer(message, { asker, stream: true });
    if (reply === undefined) break;
    client.write(framed(reply));
  }
  client.end();
}

/** The answer to a question about this network; undefined where others must be asked. */
function answerHere(
  names: NameTable,
  query: NonNullable<ReturnType<typeof parseQuery>>,
  asker: string,
): Buffer | undefined {
  if (query.type === recordTypes.PTR) {
    const address = reverseAddress(query.name);
    const name = address === undefined ? undefined : names.nameOf(canonical(address));
    return name === undefined ? undefined : answerQuery(query, [name], responseCodes.SUCCESS);
  }
  const addresses = names.addressesOf(query.name, asker);
  if (addresses === undefined) return undefined;
  const family = query.type === recordTypes.A ? 4 : query.type === recordTypes.AAAA ? 6 : undefined;
  const data: DnsData[] = addresses.map(parseIp).filter((ip) => ip.family === family);
  return answerQuery(query, shuffled(data), responseCodes.SUCCESS);
}

function canonical(address: string): string {
  try {
    return formatIp(parseIp(address));
  } catch {
    return address;
  }
}

/** Clients take the first address: of several containers with one alias each gets its share. */
function shuffled<T>(list: readonly T[]): T[] {
  const start = Math.floor(Math.random() * list.length);
  return [...list.slice(start), ...list.slice(0, start)];
}
