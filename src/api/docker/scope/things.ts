import { TugError } from "../../../base/index.ts";
import type { Container, NetworkView } from "../../../engine/index.ts";
import type { DockerPorts } from "../door.ts";
import type { NamedDataView } from "../routes/named-data/port.ts";
import type { VolumeView } from "../routes/volumes/port.ts";
import { discreet, isInside, type Policy } from "./policy.ts";

/**
 * What there is in a scope. Whatever is not in it is not there: references are looked up among what is in it alone, and
 * what is done with them is done by their full id.
 */
export type Things = {
  readonly policy: Policy;
  containers(): Promise<Container[]>;
  /** By full id, name, or an unambiguous beginning of an id. @throws notFound, with `container` in the details */
  container(reference: string): Promise<Container>;
  networks(): Promise<NetworkView[]>;
  network(reference: string): Promise<NetworkView>;
  volumes(): Promise<VolumeView[]>;
  volume(name: string): Promise<VolumeView>;
  /** A secret or a config. */
  data(kind: DataKind, name: string): NamedDataView;
  /** Does something whose conflicts may be about what is not in the scope. */
  discreetly<T>(work: () => Promise<T>): Promise<T>;
};

export type DataKind = "secret" | "config";

export function thingsIn(ports: DockerPorts, policy: Policy): Things {
  const inside = ({ labels }: { readonly labels: Readonly<Record<string, string>> }) =>
    isInside(policy, labels);
  const containers = async () => (await ports.containers.list()).filter(({ spec }) => inside(spec));
  const networks = async () => {
    const own = new Set((await containers()).map(({ id }) => id));
    return (await ports.networks.list()).filter(inside).map((network) => ({
      ...network,
      containers: Object.fromEntries(Object.entries(network.containers).filter(([id]) => own.has(id))),
    }));
  };
  const volumes = async () => {
    const own = new Set((await containers()).map(({ id }) => id));
    return (await ports.volumes.list())
      .filter(inside)
      .map((volume) => ({ ...volume, users: volume.users.filter((id) => own.has(id)) }));
  };
  return {
    policy,
    containers,
    networks,
    volumes,
    async container(reference) {
      const found = find(await containers(), reference);
      if (found !== undefined) return found;
      const details = { container: reference };
      throw new TugError("notFound", "DOCKER_SCOPE", `no such container: ${reference}`, { details });
    },
    async network(reference) {
      const found = find(await networks(), reference);
      if (found !== undefined) return found;
      throw new TugError("notFound", "DOCKER_SCOPE", `network ${reference} not found`);
    },
    async volume(name) {
      const found = (await volumes()).find((volume) => volume.name === name);
      if (found !== undefined) return found;
      throw new TugError("notFound", "DOCKER_SCOPE", `get ${name}: no such volume`);
    },
    data(kind, name) {
      const found = ports[`${kind}s`].list().find((view) => view.name === name && inside(view));
      if (found !== undefined) return found;
      throw new TugError("notFound", "DOCKER_SCOPE", `no such ${kind}: ${name}`, {
        details: { [kind]: name },
      });
    },
    async discreetly(work) {
      try {
        return await work();
      } catch (error) {
        const own = (await containers()).map(({ id }) => id);
        throw discreet(error, (id) => own.some((each) => each.startsWith(id)));
      }
    },
  };
}

type Named = { readonly id: string; readonly name: string };

function find<T extends Named>(things: readonly T[], reference: string): T | undefined {
  const name = reference.replace(/^\//, "");
  const exact = things.find(({ id }) => id === reference) ?? things.find((each) => each.name === name);
  if (exact !== undefined) return exact;
  const starting = /^[0-9a-f]{1,64}$/.test(reference)
    ? things.filter(({ id }) => id.startsWith(reference))
    : [];
  return starting.length === 1 ? starting[0] : undefined;
}
