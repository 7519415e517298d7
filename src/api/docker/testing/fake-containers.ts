import { setTimeout } from "node:timers/promises";
import { TugError } from "../../../base/index.ts";
import type { CheckpointReference, CreateContainerRequest, Port, Why } from "../../../engine/index.ts";
import { dockerApi } from "../../../specs/index.ts";
import type { ContainersPort } from "../routes/containers/port.ts";
import { createFakeContainer, type FakeContainer } from "./fake-container.ts";
import { createFakeFiles, type FakeFiles } from "./fake-files.ts";
import { fakePrograms } from "./fake-program.ts";
import { fakeStats } from "./fake-stats.ts";

/** Containers in memory, and what was asked of them. */
export type FakeContainers = {
  readonly port: ContainersPort;
  /** Every create request, in order. */
  readonly requests: readonly CreateContainerRequest[];
  /** Calls that change something, such as `start web` or `remove web force`, in order. */
  readonly calls: readonly string[];
  readonly files: FakeFiles;
  /** Gives a container ports. */
  publish(reference: string, ports: readonly Port[]): void;
  /** Gives a container a past. */
  tell(reference: string, past: Pick<Why, "end" | "log" | "lastGood" | "now">): void;
};

/** @param hasImage whether a create request finds its image */
export function createFakeContainers(hasImage: (reference: string) => boolean): FakeContainers {
  const all: FakeContainer[] = [];
  const removals = new Map<FakeContainer, PromiseWithResolvers<void>>();
  const requests: CreateContainerRequest[] = [];
  const calls: string[] = [];
  const pasts = new Map<FakeContainer, Partial<Why>>();

  const find = (reference: string): FakeContainer => {
    const found = all.find((container) => {
      const { id, name } = container.view();
      return name === reference || (reference !== "" && id.startsWith(reference));
    });
    if (found !== undefined) return found;
    throw failure("notFound", "FAKE_NO_CONTAINER", { container: reference });
  };
  const drop = (container: FakeContainer): void => {
    all.splice(all.indexOf(container), 1);
    removals.get(container)?.resolve();
  };

  const files = createFakeFiles((reference) => find(reference).view().name);
  const port: ContainersPort = {
    files: files.port,
    async create(request) {
      requests.push(request);
      if (!hasImage(request.image)) throw failure("notFound", "FAKE_NO_IMAGE", { image: request.image });
      const name = request.name ?? `fake_${requests.length}`;
      const holder = all.map((container) => container.view()).find((view) => view.name === name);
      if (holder !== undefined)
        throw failure("conflict", "FAKE_NAME", { containerName: name, usedBy: holder.id });
      const container = createFakeContainer(name, request);
      all.unshift(container);
      removals.set(container, Promise.withResolvers());
      calls.push(`create ${name}`);
      return { id: container.view().id, warnings: [] };
    },
    list: async () => all.map((container) => container.view()),
    get: async (reference) => find(reference).view(),
    sizes: async () => ({ writableBytes: 3, rootfsBytes: 1_000_003 }),
    async start(reference, _, checkpoint) {
      const container = find(reference);
      const { name, path, state } = container.view();
      calls.push(["start", name, ...fromWhere(checkpoint)].join(" "));
      if (state.status === "running") throw failure("notModified", "FAKE_RUNNING", {});
      const program = fakePrograms[path];
      if (program === undefined) {
        const reason = "executable file not found in $PATH";
        if (container.view().spec.autoRemove) drop(container);
        throw failure("invalid", "FAKE_EXEC", { exitCode: 127, reason });
      }
      container.run(program);
      if (container.view().spec.autoRemove) void container.ended.then(() => setImmediate(drop, container));
    },
    async stop(reference, options) {
      const container = find(reference);
      calls.push(
        `stop ${container.view().name} ${options.signalName ?? "-"} ${options.timeoutSeconds ?? "-"}`,
      );
      if (container.view().state.status !== "running") throw failure("notModified", "FAKE_STOPPED", {});
      container.signal("TERM");
      await container.ended;
    },
    async restart(reference) {
      calls.push(`restart ${find(reference).view().name}`);
    },
    async kill(reference, signalName = "KILL") {
      const container = find(reference);
      calls.push(`kill ${container.view().name} ${signalName}`);
      if (container.view().state.status !== "running") throw failure("conflict", "FAKE_NOT_RUNNING", {});
      container.signal(signalName);
    },
    async checkpoint(reference, request) {
      const { name } = find(reference).view();
      calls.push(["checkpoint", name, ...fromWhere(request), request.leaveRunning].join(" "));
    },
    async checkpoints(reference, directory) {
      calls.push(["checkpoints", find(reference).view().name, directory ?? "-"].join(" "));
      return ["first", "second"];
    },
    async removeCheckpoint(reference, checkpoint) {
      calls.push(["removeCheckpoint", find(reference).view().name, ...fromWhere(checkpoint)].join(" "));
    },
    async pause(reference) {
      calls.push(`pause ${find(reference).view().name}`);
    },
    async unpause(reference) {
      calls.push(`unpause ${find(reference).view().name}`);
    },
    async update(reference, { limits, restart }) {
      const changes = Object.entries(limits).filter(([, value]) => value !== undefined);
      const words = changes.map(([key, value]) => `${key}=${value}`);
      if (restart !== undefined) words.push(`restart=${restart.policy}:${restart.maximumRetries}`);
      calls.push(`update ${find(reference).view().name} ${words.join(" ")}`);
    },
    async rename(reference, name) {
      find(reference).rename(name);
    },
    async remove(reference, { force, volumes }) {
      const container = find(reference);
      const { name, state } = container.view();
      calls.push(`remove ${name}${force ? " force" : ""}${volumes ? " volumes" : ""}`);
      if (state.status === "running" && !force) throw failure("conflict", "FAKE_RUNNING", {});
      container.signal("KILL");
      drop(container);
    },
    async prune(fits) {
      const idle = all.filter(
        (container) => container.view().state.status !== "running" && fits(container.view()),
      );
      for (const container of idle) drop(container);
      return { removed: idle.map((container) => container.view().id), freedBytes: idle.length * 1000 };
    },
    async resize(reference, size) {
      find(reference).resize(size);
    },
    async wait(reference, condition) {
      const container = find(reference);
      const created = container.view().state.status === "created";
      if (condition === "not-running" && created) return { ended: Promise.resolve({ exitCode: 0 }) };
      const exit = container.ended.then((exitCode) => ({ exitCode }));
      if (condition !== "removed") return { ended: exit };
      const removed = removals.get(container)?.promise;
      const failedStart = removed?.then(() => ({ exitCode: container.view().state.exitCode }));
      return { ended: Promise.race([failedStart ?? exit]) };
    },
    attach: async (reference, options) => find(reference).attach(options),
    async logs(reference, options) {
      const container = find(reference);
      const wanted = container.logged.filter((entry) => options[entry.stream]);
      const last = options.tail === undefined ? wanted : wanted.slice(wanted.length - options.tail);
      const { tty } = container.view().spec.stdio;
      const render = ({ stream, data }: dockerApi.OutputChunk, time: string): Uint8Array => {
        const line = Buffer.concat([Buffer.from(options.timestamps ? `${time} ` : ""), data]);
        return tty ? line : Buffer.concat([dockerApi.encodeFrameHeader(stream, line.length), line]);
      };
      return {
        tty,
        bytes: (async function* () {
          for (const entry of last) yield render(entry, entry.time);
          if (options.follow && container.view().state.status === "running") {
            const live = container.attach({
              stdin: false,
              stdout: true,
              stderr: true,
              logs: false,
              stream: true,
            });
            for await (const chunk of live.output) yield render(chunk, "2026-01-02T03:04:06.000000000Z");
          }
        })(),
      };
    },
    async changes(reference) {
      const { name } = find(reference).view();
      return [
        { path: "/etc", kind: "modified" },
        { path: `/etc/${name}`, kind: "added" },
        { path: "/tmp", kind: "deleted" },
      ];
    },
    async why(reference) {
      const container = find(reference);
      const { id, name, spec, state, restartCount } = container.view();
      const restart = { policy: spec.restart.policy, count: restartCount };
      const { status, startedAt, health } = state;
      return { id, name, status, startedAt, restart, health, log: [], ...pasts.get(container) };
    },
    async top(reference, psOptions) {
      const { name, state } = find(reference).view();
      if (state.status !== "running") throw failure("conflict", "FAKE_NOT_RUNNING", {});
      return { titles: ["PID", "CMD"], processes: [["7", `${name} ${psOptions.join("|")}`]] };
    },
    async stats(reference, { stream }, signal) {
      const view = () => find(reference).view();
      view();
      return (async function* () {
        do {
          yield fakeStats(view());
          await setTimeout(5, undefined, { signal });
        } while (stream && all.some((container) => container.view().name === reference));
      })();
    },
    export: async (reference) => {
      const { name } = find(reference).view();
      return (async function* () {
        yield Buffer.from(`archive of ${name}`);
      })();
    },
  };
  const publish: FakeContainers["publish"] = (reference, ports) => find(reference).publish(ports);
  const tell: FakeContainers["tell"] = (reference, past) => void pasts.set(find(reference), past);
  return { port, requests, calls, files, publish, tell };
}

function failure(kind: TugError["kind"], code: string, details: TugError["details"]): TugError {
  return new TugError(kind, code, `cannot do it: ${code}`, { details });
}

function fromWhere(checkpoint: CheckpointReference | undefined): string[] {
  return checkpoint === undefined ? [] : [checkpoint.name, checkpoint.directory ?? "-"];
}
