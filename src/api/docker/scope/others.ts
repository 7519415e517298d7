import { TugError } from "../../../base/index.ts";
import type { DockerPorts } from "../door.ts";
import type { ExecPort } from "../routes/exec/port.ts";
import type { ConfigsPort, SecretsPort } from "../routes/named-data/port.ts";
import type { NetworksPort } from "../routes/networks/port.ts";
import type { VolumesPort } from "../routes/volumes/port.ts";
import { makeOwnVolume, networkName } from "./create-request.ts";
import { beyond, isInside, labelled } from "./policy.ts";
import type { DataKind, Things } from "./things.ts";

/** Programs in containers of a scope. */
export function scopedExecs({ execs }: DockerPorts, things: Things): ExecPort {
  const own = async (id: string) => {
    const found = /^[0-9a-f]{64}$/.test(id) ? await execs.get(id).catch(unlessMissing) : undefined;
    const containers = found === undefined ? [] : await things.containers();
    if (found !== undefined && containers.some((container) => container.id === found.containerId))
      return found;
    throw new TugError("notFound", "DOCKER_SCOPE", `no such exec session: ${id}`, { details: { exec: id } });
  };
  return {
    async create(reference, request) {
      const { id } = await things.container(reference);
      if (request.privileged) throw beyond(things.policy, "no program is privileged");
      return execs.create(id, request);
    },
    get: own,
    start: async (id, options) => execs.start((await own(id)).id, options),
    attach: async (id, options) => execs.attach((await own(id)).id, options),
    resize: async (id, size) => execs.resize((await own(id)).id, size),
  };
}

/** The networks of a scope. */
export function scopedNetworks({ networks }: DockerPorts, things: Things): NetworksPort {
  const { policy } = things;
  return {
    list: things.networks,
    get: things.network,
    async create(request) {
      const { name, internal = false, ipv6 = false, labels = {}, driver = "bridge" } = request;
      const { options = {}, pools = [], bandwidth } = request;
      if (driver !== "bridge")
        throw beyond(policy, `networks of the driver ${driver} reach beyond the machine`);
      if (Object.keys(options).length > 0) throw beyond(policy, "options of networks are the owner's");
      if (pools.length > 0) throw beyond(policy, "the addresses of networks are chosen by the engine");
      if (Object.values(bandwidth ?? {}).some((rate) => rate !== undefined))
        throw beyond(policy, "limits of bandwidth are the owner's");
      // What else a request may hold is left out on purpose.
      const made = { name, internal, ipv6, labels: labelled(policy, labels) };
      return things.discreetly(() => networks.create(made));
    },
    async explainPort() {
      throw beyond(policy, "ports are of the whole machine");
    },
    async connect(reference, wanted) {
      const { id } = await things.container(reference);
      const network = await networkName(things, wanted.network);
      const links: { container: string; alias: string }[] = [];
      for (const { container, alias } of wanted.links ?? [])
        links.push({ container: (await things.container(container)).id, alias });
      await things.discreetly(() => networks.connect(id, { ...wanted, network, links }));
    },
    async disconnect(reference, wanted) {
      const { id } = await things.container(reference);
      const network = await networkName(things, wanted);
      await things.discreetly(() => networks.disconnect(id, network));
    },
    async remove(reference) {
      const { id } = await things.network(reference);
      await things.discreetly(() => networks.remove(id));
    },
    async prune(select) {
      const own = new Set((await things.networks()).map(({ id }) => id));
      return networks.prune((network) => own.has(network.id) && select(network));
    },
  };
}

/** The volumes of a scope. */
export function scopedVolumes({ volumes }: DockerPorts, things: Things): VolumesPort {
  const { policy } = things;
  const denied = async () => {
    throw beyond(policy, "it is the owner's to do");
  };
  return {
    list: things.volumes,
    get: things.volume,
    async create(request) {
      if (Object.keys(request.options ?? {}).length > 0)
        throw beyond(policy, "options of a volume lead to files of the machine");
      return makeOwnVolume(
        { things, volumes },
        { ...request, labels: labelled(policy, request.labels ?? {}) },
      );
    },
    rename: denied,
    clone: denied,
    export: async (name, signal) => volumes.export((await things.volume(name)).name, signal),
    import: async (name, upload) => {
      const own = await things.volume(name);
      await volumes.import(own.name, upload);
      return things.volume(name);
    },
    async remove(name) {
      const own = await things.volume(name);
      await things.discreetly(() => volumes.remove(own.name));
    },
    async prune(fits, signal) {
      const own = new Set((await things.volumes()).map((volume) => volume.name));
      return volumes.prune((volume) => own.has(volume.name) && fits(volume), signal);
    },
    async usage(signal) {
      const own = new Map((await things.volumes()).map((volume) => [volume.name, volume]));
      const measured = await volumes.usage(signal);
      return measured.flatMap((volume) => {
        const view = own.get(volume.name);
        return view === undefined ? [] : [{ ...volume, users: view.users }];
      });
    },
  };
}

/** The secrets of a scope. */
export function scopedSecrets({ secrets }: DockerPorts, things: Things): SecretsPort {
  return scopedData("secret", secrets, things);
}

/** The configs of a scope. */
export function scopedConfigs({ configs }: DockerPorts, things: Things): ConfigsPort {
  return {
    ...scopedData("config", configs, things),
    read: (name) => configs.read(things.data("config", name).name),
  };
}

function scopedData(kind: DataKind, port: SecretsPort, things: Things): SecretsPort {
  return {
    list: () =>
      port
        .list()
        .filter(({ labels }) => isInside(things.policy, labels))
        .map(withoutUsers),
    get: (name) => withoutUsers(things.data(kind, name)),
    create: (request) =>
      withoutUsers(port.create({ ...request, labels: labelled(things.policy, request.labels) })),
    remove: (name) => port.remove(things.data(kind, name).name),
  };
}

/** Containers of others may have it, too. */
function withoutUsers<T extends { readonly users: readonly string[] }>(view: T): T {
  return { ...view, users: [] };
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof TugError) || error.kind !== "notFound") throw error;
}
