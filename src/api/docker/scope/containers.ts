import type { DockerPorts } from "../door.ts";
import type { ArchivePort } from "../routes/archive/port.ts";
import type { ContainersPort } from "../routes/containers/port.ts";
import { scopedRequest } from "./create-request.ts";
import { beyond, type Policy } from "./policy.ts";
import { checkUpdate } from "./quota.ts";
import type { Things } from "./things.ts";

/** The containers of a scope. */
export function scopedContainers(ports: DockerPorts, things: Things): ContainersPort {
  const all = ports.containers;
  const { policy } = things;
  const id = async (reference: string) => (await things.container(reference)).id;
  return {
    create: (request, signal) =>
      policy.making.run(async () => {
        const most = policy.quota.Containers;
        if (most !== undefined && (await things.containers()).length >= most)
          throw beyond(policy, `there are ${most} containers, which is its quota`);
        const scoped = await scopedRequest({ things, volumes: ports.volumes }, request);
        return things.discreetly(() => all.create(scoped, signal));
      }),
    list: things.containers,
    get: things.container,
    sizes: async (reference) => all.sizes(await id(reference)),
    start: async (reference, signal, checkpoint) => {
      requireOwnPlace(policy, checkpoint?.directory);
      const own = await startable(things, reference);
      return things.discreetly(() => all.start(own, signal, checkpoint));
    },
    async checkpoint(reference, request) {
      requireOwnPlace(policy, request.directory);
      await all.checkpoint(await id(reference), request);
    },
    async checkpoints(reference, directory) {
      requireOwnPlace(policy, directory);
      return all.checkpoints(await id(reference), directory);
    },
    async removeCheckpoint(reference, checkpoint) {
      requireOwnPlace(policy, checkpoint.directory);
      await all.removeCheckpoint(await id(reference), checkpoint);
    },
    stop: async (reference, options, signal) => all.stop(await id(reference), options, signal),
    restart: async (reference, options, signal) => {
      const own = await startable(things, reference);
      return things.discreetly(() => all.restart(own, options, signal));
    },
    kill: async (reference, signalName) => all.kill(await id(reference), signalName),
    pause: async (reference) => all.pause(await id(reference)),
    unpause: async (reference) => all.unpause(await id(reference)),
    async update(reference, update) {
      checkUpdate(policy, update.limits);
      await all.update(await id(reference), update);
    },
    async rename(reference, name) {
      const own = await id(reference);
      await things.discreetly(() => all.rename(own, name));
    },
    async remove(reference, options) {
      const own = await id(reference);
      await things.discreetly(() => all.remove(own, options));
    },
    async prune(fits) {
      const own = new Set((await things.containers()).map(({ id }) => id));
      return all.prune((container) => own.has(container.id) && fits(container));
    },
    resize: async (reference, size) => all.resize(await id(reference), size),
    wait: async (reference, condition, signal) => all.wait(await id(reference), condition, signal),
    attach: async (reference, options, signal) => all.attach(await id(reference), options, signal),
    logs: async (reference, options, signal) => all.logs(await id(reference), options, signal),
    top: async (reference, psOptions) => all.top(await id(reference), psOptions),
    stats: async (reference, query, signal) => all.stats(await id(reference), query, signal),
    changes: async (reference) => all.changes(await id(reference)),
    why: async (reference) => all.why(await id(reference)),
    files: scopedFiles(all.files, id),
    export: async (reference, signal) => all.export(await id(reference), signal),
  };
}

/** The id of a container whose networks are still those of the scope: names may have been given to others. */
async function startable(things: Things, reference: string): Promise<string> {
  const { id, spec } = await things.container(reference);
  const { mode, endpoints } = spec.network;
  const named = [...(mode.kind === "named" ? [mode.name] : []), ...endpoints.map(({ network }) => network)];
  for (const name of named.filter((each) => !["default", "bridge", "none", "host"].includes(each)))
    await things.network(name);
  return id;
}

/** Checkpoints lie in their containers' own directories: files of the machine are nobody's there. */
function requireOwnPlace(policy: Policy, directory: string | undefined): void {
  if (directory !== undefined) throw beyond(policy, "a checkpoint directory is a path of the machine");
}

function scopedFiles(files: ArchivePort, id: (reference: string) => Promise<string>): ArchivePort {
  return {
    describe: async (reference, path) => files.describe(await id(reference), path),
    read: async (reference, path, signal) => files.read(await id(reference), path, signal),
    write: async (reference, options, from) => files.write(await id(reference), options, from),
  };
}
