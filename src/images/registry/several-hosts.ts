import { messageOf, TugError } from "../../base/index.ts";
import { imageError } from "../errors.ts";
import type { Capability } from "./hosts/host.ts";
import type { Repository } from "./repository.ts";

/** A repository at one of its hosts. */
export type PlacedRepository = {
  readonly repository: Repository;
  readonly capabilities: readonly Capability[];
  readonly isMirror: boolean;
  /** As people write it. */
  readonly host: string;
};

/** Failures that say nothing about the repository: the host could not be spoken to. */
const broken = [
  "IMAGE_REGISTRY_UNREACHABLE",
  "IMAGE_REGISTRY_TIMEOUT",
  "IMAGE_REGISTRY_CERTIFICATE",
  "IMAGE_REGISTRY_PROTOCOL",
];

/**
 * A repository at several hosts, of which the first that has what is asked for gives it. Whatever a mirror answers, the
 * next host is asked; the registry's own answer counts, and only where it cannot be spoken to another way is tried. A
 * host that could not be spoken to is not asked again.
 *
 * The failure of the last host is thrown, with those of the others in its details as `mirrors`.
 * @param name of the repository for errors
 */
export function severalHosts(name: string, open: () => Promise<readonly PlacedRepository[]>): Repository {
  let opened: Promise<readonly PlacedRepository[]> | undefined;
  const given = new Set<PlacedRepository>();

  const hostsFor = async (capability: Capability): Promise<PlacedRepository[]> => {
    opened ??= open();
    const able = (await opened).filter(({ capabilities }) => capabilities.includes(capability));
    const usable = able.filter((placed) => !given.has(placed));
    if (able.length > 0) return usable.length > 0 ? usable : able.slice(-1);
    throw imageError("REGISTRY_CONFIG", `cannot use ${name}: no host is configured to ${capability} from`, {
      details: { reference: name },
    });
  };

  /** Goes on to the next host by returning, or ends the search by throwing. */
  const judge = (error: unknown, { placed, isLast, failures }: Failed): void => {
    const isBroken = error instanceof TugError && broken.includes(error.code);
    if (isLast || !(placed.isMirror || isBroken)) throw withFailures(error, failures);
    if (isBroken) given.add(placed);
    failures.push(`${placed.host}: ${messageOf(error)}`);
  };

  const first = async <T>(
    capability: Capability,
    signal: AbortSignal | undefined,
    use: (repository: Repository) => Promise<T>,
  ): Promise<T> => {
    const hosts = await hostsFor(capability);
    const failures: string[] = [];
    for (const placed of hosts.slice(0, -1)) {
      try {
        return await use(placed.repository);
      } catch (error) {
        signal?.throwIfAborted();
        judge(error, { placed, isLast: false, failures });
      }
    }
    const last = hosts.at(-1) as PlacedRepository;
    return await use(last.repository).catch((error: unknown) => {
      throw withFailures(error, failures);
    });
  };

  return {
    resolve: (reference, signal) =>
      first("resolve", signal, (repository) => repository.resolve(reference, signal)),
    manifest: (reference, signal) =>
      first(reference.includes(":") ? "pull" : "resolve", signal, (repository) =>
        repository.manifest(reference, signal),
      ),
    referrers: (digest, signal) =>
      first("pull", signal, (repository) => repository.referrers(digest, signal)),
    tags: (signal) => first("resolve", signal, (repository) => repository.tags(signal)),
    async *blob(expected, { offset = 0, signal, brief } = {}) {
      const hosts = await hostsFor("pull");
      const failures: string[] = [];
      let position = offset;
      for (const placed of hosts) {
        try {
          for await (const chunk of placed.repository.blob(expected, { offset: position, signal, brief })) {
            position += chunk.length;
            yield chunk;
          }
          return;
        } catch (error) {
          signal?.throwIfAborted();
          judge(error, { placed, isLast: placed === hosts.at(-1), failures });
        }
      }
    },
  };
}

type Failed = { placed: PlacedRepository; isLast: boolean; failures: string[] };

function withFailures(error: unknown, failures: readonly string[]): unknown {
  if (!(error instanceof TugError) || failures.length === 0) return error;
  const { kind, code, message, hint, details } = error;
  return new TugError(kind, code, message, {
    ...(hint !== undefined && { hint }),
    cause: error,
    details: { ...details, mirrors: failures },
  });
}
