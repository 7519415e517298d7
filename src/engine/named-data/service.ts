import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import { type DataKind, dataKinds } from "./kinds.ts";
import type { DataRecord } from "./store.ts";

/** A secret or a config with the ids of the containers that have it. */
export type NamedDataView = DataRecord & { readonly users: readonly string[] };

export type DataRequest = {
  readonly name: string;
  readonly data: Uint8Array;
  readonly labels: Readonly<Record<string, string>>;
};

/** The secrets or the configs of an engine, for its doors. Nobody gets a secret back. */
export interface DataService {
  /** By name. */
  list(): NamedDataView[];
  /** @throws ENGINE_SECRET_NOT_FOUND, ENGINE_CONFIG_NOT_FOUND */
  get(name: string): NamedDataView;
  /** @throws ENGINE_SECRET_INVALID, ENGINE_SECRET_NAME_TAKEN, ENGINE_CONFIG_INVALID, ENGINE_CONFIG_NAME_TAKEN */
  create(request: DataRequest): NamedDataView;
  /** @throws ENGINE_SECRET_NOT_FOUND, ENGINE_SECRET_IN_USE, ENGINE_CONFIG_NOT_FOUND, ENGINE_CONFIG_IN_USE */
  remove(name: string): void;
}

/** The configs of an engine, which can be read. */
export interface ConfigService extends DataService {
  /** @throws ENGINE_CONFIG_NOT_FOUND */
  read(name: string): Uint8Array;
}

/** The names of the secrets, or of the configs, that a container has. */
export function dataOf(kind: DataKind, { mounts, secretEnv = [] }: CreateContainerRequest): string[] {
  if (kind === "config") return mounts.flatMap((mount) => (mount.type === "config" ? [mount.config] : []));
  const files = mounts.flatMap((mount) => (mount.type === "secret" ? [mount.secret] : []));
  return [...files, ...secretEnv.map(({ secret }) => secret)];
}

/** The secrets of an engine, with the containers that have them. */
export function openSecretService(context: EngineContext): DataService {
  return openDataService(context, "secret");
}

/** The configs of an engine, with the containers that have them. */
export function openConfigService(context: EngineContext): ConfigService {
  return { ...openDataService(context, "config"), read: context.configs.read };
}

function openDataService({ secrets, configs, store }: EngineContext, kind: DataKind): DataService {
  const data = kind === "secret" ? secrets : configs;
  const view = (record: DataRecord): NamedDataView => ({
    ...record,
    users: store
      .list()
      .filter(({ request }) => dataOf(kind, request).includes(record.name))
      .map(({ id }) => id),
  });
  return {
    list: () => data.list().map(view),
    get: (name) => view(data.find(name)),
    create: (request) => view(data.add(request.name, request.data, request.labels)),
    remove(name) {
      const { users } = view(data.find(name));
      if (users.length > 0) {
        const sentence = `cannot remove ${kind} ${name}: containers have it: ${users.join(", ")}`;
        throw engineError(dataKinds[kind].inUse, sentence, { hint: "remove these containers first" });
      }
      data.remove(name);
    },
  };
}
