import type { Container, EngineEvent } from "../../../engine/index.ts";
import type { dockerApi } from "../../../specs/index.ts";
import type { DockerPorts } from "../door.ts";
import type { SystemPort } from "../routes/system/port.ts";
import { isInside } from "./policy.ts";
import type { Things } from "./things.ts";

/** What the engine tells of itself to a scope: the machine, and counts of what is in it. */
export function scopedSystem({ system }: DockerPorts, things: Things): SystemPort {
  const seesImages = things.policy.allow.has("images:read");
  return {
    version: () => system.version(),
    async info() {
      const facts = await system.info();
      return {
        ...facts,
        containers: counted(await things.containers()),
        images: seesImages ? facts.images : 0,
        cdiDirectories: [],
        cdiDevices: [],
      };
    },
    diskUsage: async (signal) =>
      seesImages ? system.diskUsage(signal) : { layersBytes: 0, sharedBytes: {} },
    async *events(range, signal) {
      const fits = await eventFilter(things);
      for await (const event of system.events(range, signal)) if (await fits(event)) yield event;
    },
  };
}

/**
 * Whether an event is about what is in the scope. Those of containers carry their labels. What else there is when it is
 * first heard of is remembered, so that its end is told; what has ended before is not.
 */
async function eventFilter(things: Things): Promise<(event: EngineEvent) => Promise<boolean>> {
  const known = { volume: new Set<string>(), network: new Set<string>(), container: new Set<string>() };
  const look = async (): Promise<void> => {
    for (const { name } of await things.volumes()) known.volume.add(name);
    for (const { id } of await things.networks()) known.network.add(id);
    for (const { id } of await things.containers()) known.container.add(id);
  };
  await look();
  return async ({ type, id, attributes }) => {
    if (type === "container") {
      const inside = isInside(things.policy, attributes);
      if (inside) known.container.add(id);
      return inside;
    }
    if (type === "image") return things.policy.allow.has("images:read");
    if (type === "daemon") return false;
    const { container } = attributes;
    if (!known[type].has(id) || (container !== undefined && !known.container.has(container))) await look();
    return known[type].has(id) && (container === undefined || known.container.has(container));
  };
}

function counted(containers: readonly Container[]) {
  const count = (fits: (status: dockerApi.ContainerStatus) => boolean) =>
    containers.filter(({ state }) => fits(state.status)).length;
  const running = count((status) => status === "running" || status === "restarting");
  const paused = count((status) => status === "paused");
  return { running, paused, stopped: containers.length - running - paused };
}
