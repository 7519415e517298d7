import { createHash } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { errnoOf, messageOf, readSmallFile, TugError, writeFileAtomic } from "../base/index.ts";
import { readConfigMember, writeConfigMember } from "../credentials/index.ts";
import {
  type Context,
  checkName,
  DEFAULT_CONTEXT,
  formatContext,
  MAX_META,
  parseContext,
  unusable,
} from "./context.ts";
import { endpointError } from "./errors.ts";
import type { TlsMaterial } from "./tls.ts";

/** The names of the files in which Docker's client keeps certificates. */
const tlsFiles = { ca: "ca.pem", cert: "cert.pem", key: "key.pem" } as const;

/** A context that is on record, or why it cannot be used. */
export type StoredContext =
  | { readonly name: string; readonly context: Context }
  | { readonly name: string; readonly failure: TugError };

/** The contexts of Docker's client, which tug shares with it. */
export type ContextStore = {
  /** All but the default one, by name. */
  list(): Promise<StoredContext[]>;
  /** One of them. @throws ENDPOINT_NO_CONTEXT, ENDPOINT_CONTEXT */
  find(name: string): Promise<Context>;
  /** Keeps a new one. @throws ENDPOINT_CONTEXT_THERE, ENDPOINT_CONTEXT */
  create(context: Context, tls: TlsMaterial): Promise<void>;
  /** Forgets one, as broken as it may be. @throws ENDPOINT_NO_CONTEXT, ENDPOINT_CONTEXT */
  remove(name: string): Promise<void>;
  /** The certificates of one. @throws ENDPOINT_CONTEXT */
  tlsOf(name: string): Promise<TlsMaterial>;
  /** Where one is kept. */
  placesOf(name: string): { readonly metadata: string; readonly tls: string };
  /** The name of the one that is used where nothing else is said: `default` where nobody has chosen. @throws CREDENTIALS_FILE */
  current(): Promise<string>;
  /** Chooses it. @throws CREDENTIALS_FILE */
  use(name: string): Promise<void>;
};

type Caller = { readonly env: Readonly<Record<string, string | undefined>>; readonly cwd: string };

/** Where the contexts of a caller are: `contexts` in `$DOCKER_CONFIG`, or in `.docker` at home; config.json is beside it. */
export function openContexts({ env, cwd }: Caller): ContextStore {
  const directory = resolve(cwd, env.DOCKER_CONFIG || join(env.HOME || "/root", ".docker"));
  const config = join(directory, "config.json");
  const placesOf = (name: string) => {
    const id = createHash("sha256").update(name).digest("hex");
    return { metadata: join(directory, "contexts/meta", id), tls: join(directory, "contexts/tls", id) };
  };
  const read = async (metadata: string): Promise<Context> => {
    const place = join(metadata, "meta.json");
    const context = parseContext(await readSmallFile(place, MAX_META).catch(asUnusable(place)), place);
    if (placesOf(context.name).metadata !== metadata)
      throw unusable(place, "it is in the place of another name");
    return context;
  };
  const there = async (name: string) =>
    (await namesIn(join(directory, "contexts/meta"))).some((id) =>
      placesOf(name).metadata.endsWith(`/${id}`),
    );
  return {
    placesOf,
    async list() {
      const root = join(directory, "contexts/meta");
      const found: StoredContext[] = [];
      for (const id of await namesIn(root)) {
        if (!/^[0-9a-f]{64}$/.test(id)) continue;
        const context = await read(join(root, id)).catch((error: unknown) => asTugError(error));
        found.push(
          context instanceof TugError
            ? { name: id.slice(0, 12), failure: context }
            : { name: context.name, context },
        );
      }
      return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
    async find(name) {
      if (!(await there(name))) throw missing(name);
      return read(placesOf(name).metadata);
    },
    async create(context, tls) {
      const places = placesOf(checkName(context.name));
      if (context.name === DEFAULT_CONTEXT || (await there(context.name)))
        throw endpointError(
          "CONTEXT_THERE",
          `cannot create context ${context.name}: there is one of that name`,
        );
      try {
        await writeTls(join(places.tls, "docker"), tls);
        await mkdir(places.metadata, { recursive: true, mode: 0o755 });
        await writeFileAtomic(join(places.metadata, "meta.json"), formatContext(context), 0o644);
      } catch (error) {
        await forget(places);
        throw error;
      }
    },
    async remove(name) {
      if (name === DEFAULT_CONTEXT)
        throw endpointError("CONTEXT", `cannot remove context ${name}: it is always there`);
      if (!(await there(name))) throw missing(name);
      await forget(placesOf(name));
    },
    tlsOf: (name) => readTls(join(placesOf(name).tls, "docker")),
    async current() {
      const name = await readConfigMember(config, "currentContext");
      return typeof name === "string" && name !== "" ? name : DEFAULT_CONTEXT;
    },
    use: (name) =>
      writeConfigMember(config, {
        name: "currentContext",
        value: name === DEFAULT_CONTEXT ? undefined : name,
      }),
  };
}

/** Certificates in a directory, under the names that Docker's client gives them. @throws ENDPOINT_CONTEXT */
export async function readTls(directory: string): Promise<TlsMaterial> {
  const material: Record<string, string> = {};
  for (const [part, file] of Object.entries(tlsFiles)) {
    const place = join(directory, file);
    const text = await readSmallFile(place, MAX_META).catch((error: unknown) =>
      isAbsent(error) ? undefined : asUnusable(place)(error),
    );
    if (text !== undefined) material[part] = text;
  }
  return material;
}

async function writeTls(directory: string, tls: TlsMaterial): Promise<void> {
  for (const [part, file] of Object.entries(tlsFiles)) {
    const text = tls[part as keyof typeof tlsFiles];
    if (text === undefined) continue;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFileAtomic(join(directory, file), text, 0o600);
  }
}

async function forget(places: { readonly metadata: string; readonly tls: string }): Promise<void> {
  await rm(places.tls, { recursive: true, force: true });
  await rm(places.metadata, { recursive: true, force: true });
}

async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: unknown) => (isAbsent(error) ? [] : asUnusable(directory)(error)));
}

function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "");
}

function asTugError(error: unknown): TugError {
  if (error instanceof TugError) return error;
  throw error;
}

const asUnusable =
  (place: string) =>
  (error: unknown): never => {
    throw unusable(place, messageOf(error));
  };

function missing(name: string) {
  return endpointError("NO_CONTEXT", `no such context: ${name.slice(0, 300)}`, {
    hint: "see 'tug context ls'",
  });
}
