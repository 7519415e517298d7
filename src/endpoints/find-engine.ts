import { join, resolve } from "node:path";
import type { Duplex } from "node:stream";
import { TugError } from "../base/index.ts";
import { DEFAULT_CONTEXT } from "./context.ts";
import { type ContextStore, openContexts, readTls } from "./context-store.ts";
import { endpointError } from "./errors.ts";
import { formatHost, type Host, parseHost } from "./host.ts";
import { dialSsh, type SshCaller } from "./ssh.ts";
import { dialTls, type TlsMaterial } from "./tls.ts";

/** What a caller says about the engine that it means. */
export type Wish = SshCaller & {
  /** An address, as with `--host`. */
  readonly host?: string | undefined;
  /** The name of a context, as with `--context`. */
  readonly context?: string | undefined;
  /** Path of the socket of this machine's engine: an address that names it means that one. */
  readonly own?: string | undefined;
  /** Is told why Docker's config.json, which says what was chosen, is passed over; without it that is thrown. */
  readonly warn?: ((sentence: string) => Promise<void>) | undefined;
};

/** An engine that is not the one of this machine. */
export type Elsewhere = { readonly socket: string } | { readonly place: string; dial(): Promise<Duplex> };

/**
 * The engine that a caller means, undefined for that of this machine. In this order: `host`, `context`, `TUG_HOST`,
 * `DOCKER_HOST`, `DOCKER_CONTEXT`, the context that was chosen with `context use`. The last three are Docker's, too: where
 * they do not lead to another machine by ssh or TLS, they mean its own daemon beside tug, and nothing here.
 *
 * @throws ENDPOINT_HOST, ENDPOINT_CONTEXT, ENDPOINT_NO_CONTEXT, CREDENTIALS_FILE
 */
export async function chooseEngine(wish: Wish): Promise<Elsewhere | undefined> {
  const isAsked = [wish.host, wish.context, wish.env.TUG_HOST || undefined].some((one) => one !== undefined);
  const host = hostOf(wish);
  if (host !== undefined) {
    if (!isAsked && !/^(?:ssh|tcp):/.test(host)) return undefined;
    const findTls = () => tlsOfEnvironment(wish);
    return reach({ host: parseHost(host), findTls, isAsked }, wish);
  }
  const name = await chosenContext(wish);
  if (name === DEFAULT_CONTEXT) return undefined;
  return reach({ ...(await inContext(openContexts(wish), name)), isAsked }, wish);
}

/** The name of the context that a caller means, whether it is there or not; `default` where an address says more. @throws CREDENTIALS_FILE */
export async function chosenContext(wish: Wish): Promise<string> {
  if (hostOf(wish) !== undefined) return DEFAULT_CONTEXT;
  return wish.context ?? (wish.env.DOCKER_CONTEXT || (await contextInUse(wish)));
}

/** What was chosen with `context use`: without credentials in it a damaged file need not stop anybody. */
async function contextInUse(wish: Wish): Promise<string> {
  try {
    return await openContexts(wish).current();
  } catch (error) {
    if (wish.warn === undefined || !(error instanceof TugError)) throw error;
    await wish.warn(error.message);
    return DEFAULT_CONTEXT;
  }
}

/** The address that comes before any context. */
function hostOf({ host, context, env }: Wish): string | undefined {
  if (host !== undefined || context !== undefined) return host;
  return env.TUG_HOST || env.DOCKER_HOST || undefined;
}

async function tlsOfEnvironment({ env, cwd }: Wish): Promise<TlsMaterial | undefined> {
  const { DOCKER_TLS_VERIFY, DOCKER_TLS, DOCKER_CERT_PATH, HOME } = env;
  if (!DOCKER_TLS_VERIFY && !DOCKER_TLS) return undefined;
  const directory = resolve(cwd, DOCKER_CERT_PATH || join(HOME || "/root", ".docker"));
  return { ...(await readTls(directory)), skipVerify: !DOCKER_TLS_VERIFY };
}

type Endpoint = { readonly host: Host; readonly findTls: () => Promise<TlsMaterial | undefined> };

async function inContext(store: ContextStore, name: string): Promise<Endpoint> {
  const { host, skipTlsVerify } = await store.find(name);
  if (host === undefined) {
    throw endpointError("CONTEXT", `cannot use context ${name}: it names no engine`, {
      hint: "see 'tug context inspect'",
    });
  }
  const findTls = async (): Promise<TlsMaterial | undefined> => {
    const material = await store.tlsOf(name);
    const isThere = skipTlsVerify || Object.keys(material).length > 0;
    return isThere ? { ...material, skipVerify: skipTlsVerify } : undefined;
  };
  return { host: parseHost(host), findTls };
}

async function reach(
  { host, findTls, isAsked }: Endpoint & { readonly isAsked: boolean },
  { own, env, cwd }: Wish,
): Promise<Elsewhere | undefined> {
  if (host.kind === "unix") return !isAsked || host.path === own ? undefined : { socket: host.path };
  const place = formatHost(host);
  if (host.kind === "ssh") return { place, dial: async () => dialSsh(host, { env, cwd }) };
  const tls = await findTls();
  if (tls === undefined) {
    if (!isAsked) return undefined;
    throw endpointError(
      "HOST",
      `cannot use ${place} as an engine: nothing says who it is, and everybody could listen`,
      {
        hint: "set DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, or make a context with certificates",
      },
    );
  }
  return { place, dial: () => dialTls(host, tls) };
}
