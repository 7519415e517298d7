import type { Container } from "../../../../engine/index.ts";
import { dockerApi } from "../../../../specs/index.ts";
import { doorError } from "../../errors.ts";
import { fitsFilters, matchesLabel } from "../../filters.ts";
import { renderNetworkMode } from "./render/host-config.ts";

export type Selection = {
  readonly filters: dockerApi.Filters;
  /** Stopped containers too. */
  readonly all: boolean;
  /** The newest so many, running or not; 0 is no limit. */
  readonly limit: number;
};

/**
 * The containers that a client asks for. Source: swagger.yaml, operation `ContainerList`.
 *
 * @throws DOCKER_QUERY for a value that no container can have
 */
export function selectContainers(containers: readonly Container[], selection: Selection): Container[] {
  const { filters, limit } = selection;
  checkValues(filters);
  const all = selection.all || limit > 0 || filters.has("status");
  const selected = containers.filter((container) => {
    if (!all && !runningStates.has(container.state.status)) return false;
    return fitsFilters(filters, (name, value) => matchers[name]?.(container, value, containers) ?? false);
  });
  return limit > 0 ? selected.slice(0, limit) : selected;
}

type Matcher = (container: Container, value: string, everyone: readonly Container[]) => boolean;

const runningStates = new Set(["running", "paused", "restarting"]);

const matchers: Readonly<Record<string, Matcher>> = {
  id: (container, value) => container.id.startsWith(value),
  name: (container, value) =>
    namePattern(value).test(container.name) || namePattern(value).test(`/${container.name}`),
  status: (container, value) => container.state.status === value,
  exited: (container, value) =>
    container.state.status === "exited" && String(container.state.exitCode) === value,
  label: (container, value) => matchesLabel(container.spec.labels, value),
  ancestor: (container, value) => isAncestor(container, value),
  health: (container, value) => (container.state.health?.status ?? "none") === value,
  before: (container, value, everyone) => moment(container) < moment(find(everyone, value)),
  since: (container, value, everyone) => moment(container) > moment(find(everyone, value)),
  network: (container, value) => isOnNetwork(container, value),
  volume: (container, value) =>
    container.mounts.some((mount) => mount.name === value || mount.destination === value),
  publish: (container, value) =>
    container.ports.some((port) => String(port.hostPort ?? "") === value.split("/")[0]),
  expose: (container, value) =>
    container.ports.some((port) => String(port.containerPort) === value.split("/")[0]),
  // Tasks are containers of a swarm.
  "is-task": (_, value) => ["false", "0"].includes(value),
};

/** What GET /containers/json can filter by. */
export const containerFilterNames: readonly string[] = Object.keys(matchers);

/** What some filters can be set to. */
const possible: Readonly<Record<string, readonly string[]>> = {
  status: ["created", "running", "paused", "restarting", "removing", "exited", "dead"],
  health: ["none", "starting", "healthy", "unhealthy"],
  "is-task": ["true", "1", "false", "0"],
};

function checkValues(filters: dockerApi.Filters): void {
  for (const [name, values] of filters) {
    const words = possible[name];
    for (const value of values) {
      if (words !== undefined && !words.includes(value)) {
        throw doorError("QUERY", `invalid filter '${name}=${value}': must be one of ${words.join(", ")}`);
      }
      if (name === "exited" && !/^-?\d{1,10}$/.test(value)) {
        throw doorError("QUERY", `invalid filter 'exited=${value}': must be an exit code`);
      }
    }
  }
}

function namePattern(value: string): RegExp {
  // Patterns are the client's own; a long one could keep the engine busy.
  if (value.length > 256) throw doorError("QUERY", "invalid filter 'name': the pattern is too long");
  try {
    return new RegExp(value);
  } catch (cause) {
    throw doorError("QUERY", `invalid filter 'name': "${value}" is no regular expression`, { cause });
  }
}

function isAncestor(container: Container, value: string): boolean {
  const digest = container.imageId.replace(/^sha256:/, "");
  const id = value.replace(/^sha256:/, "");
  if (/^[0-9a-f]{4,64}$/.test(id) && digest.startsWith(id)) return true;
  return dockerApi.fullReference(container.spec.image) === dockerApi.fullReference(value);
}

function isOnNetwork(container: Container, value: string): boolean {
  if (renderNetworkMode(container.spec.network.mode) === value) return true;
  return Object.entries(container.networks).some(
    ([name, endpoint]) => name === value || endpoint.networkId === value,
  );
}

function find(everyone: readonly Container[], reference: string): Container {
  const found = everyone.find(({ id, name }) => name === reference || id.startsWith(reference));
  if (found !== undefined) return found;
  throw doorError("QUERY", `No such container: ${reference}`);
}

function moment(container: Container): number {
  return Date.parse(container.createdAt);
}
