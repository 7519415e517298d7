import type * as dockerApi from "../../../specs/docker-api/index.ts";
import type { CallOptions } from "./container-calls.ts";
import type { Transport } from "./transport.ts";

/** What is to be kept under a name. */
export type SecretOptions = CallOptions & {
  /** What is shown with it. */
  readonly labels?: Readonly<Record<string, string>>;
};

/** What is to be kept under a name. */
export type ConfigOptions = SecretOptions;

/** Calls about secrets, which Docker has in swarms only. None gives a secret back. */
export type SecretCalls = {
  /** All of them, by name. */
  list(options?: CallOptions): Promise<readonly dockerApi.Secret[]>;
  /** Its labels and size, and the containers that have it. */
  inspect(name: string, options?: CallOptions): Promise<dockerApi.Secret>;
  /** Keeps up to 512,000 bytes under a name that is free. */
  create(name: string, data: Uint8Array, options?: SecretOptions): Promise<dockerApi.Secret>;
  /** Forgets a secret that no container has. */
  remove(name: string, options?: CallOptions): Promise<void>;
};

/** Calls about configs, which Docker has in swarms only: files that are no secrets. */
export type ConfigCalls = {
  /** All of them, by name, without what they hold. */
  list(options?: CallOptions): Promise<readonly dockerApi.Config[]>;
  /** What it holds, its labels, and the containers that have it. */
  inspect(name: string, options?: CallOptions): Promise<dockerApi.Config>;
  /** Keeps up to 1,024,000 bytes under a name that is free. */
  create(name: string, data: Uint8Array, options?: ConfigOptions): Promise<dockerApi.Config>;
  /** Forgets a config that no container has. */
  remove(name: string, options?: CallOptions): Promise<void>;
};

/** Calls about data of one kind. */
export function createDataCalls(transport: Transport, kind: "secret" | "config"): SecretCalls & ConfigCalls {
  const root = `/tug/${kind}s`;
  const pathOf = (name: string) => `${root}/${encodeURIComponent(name)}`;
  return {
    list: ({ signal } = {}) => transport.sendForJson({ method: "GET", path: root, signal }),
    inspect: (name, { signal } = {}) => transport.sendForJson({ method: "GET", path: pathOf(name), signal }),
    create: (Name, data, { labels, signal } = {}) =>
      transport.sendForJson({
        method: "POST",
        path: `${root}/create`,
        json: { Name, Data: Buffer.from(data).toString("base64"), Labels: labels },
        signal,
      }),
    remove: (name, { signal } = {}) =>
      transport.sendForNothing({ method: "DELETE", path: pathOf(name), signal }),
  };
}
