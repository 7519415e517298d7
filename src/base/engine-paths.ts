import { join } from "node:path";

/** Where an engine keeps things. Two engines never share a data directory. */
export type EnginePaths = {
  /** What survives a reboot: /var/lib/tug. */
  readonly data: string;
  /** What does not: /run/tug. */
  readonly run: string;
};

/** Names below the two directories. */
export function enginePaths({ data, run }: EnginePaths) {
  // A listing asks for those of every container.
  const [containers, running] = [join(data, "containers"), join(run, "containers")];
  return {
    data,
    run,
    lock: join(data, "engine.lock"),
    database: join(data, "tug.db"),
    journal: join(data, "journal.db"),
    log: join(data, "engine.log"),
    /** What engines are made of, by its hash. */
    versions: join(data, "versions"),
    volumes: join(data, "volumes"),
    /** The lowest layer of every container: what something is mounted on in all of them. */
    mountPoints: join(data, "mount-points"),
    socket: join(run, "tug.sock"),
    frontSocket: join(run, "front.sock"),
    /** Sockets for clients that may not do everything, who may not enter the run directory. */
    scopedSockets: `${run}-sockets`,
    spawnerSocket: join(run, "spawner.sock"),
    pidFile: join(run, "engine.pid"),
    /** What an engine does that has its lock and does not answer yet, as a sentence; there only where that takes time. */
    workFile: join(run, "engine.work"),
    /** How an engine is started: docs/monitor-protocol.md, "Coming back". */
    startFile: join(run, "engine.start"),
    /** There while something waits for an engine that only an engine knows of. */
    wantedFile: join(run, "engine.wanted"),
    /** Where layers are mounted that are kept as archives, by the names of their snapshots' directories. */
    layers: join(run, "layers"),
    /** Files that keep the network namespaces of running containers, by their id. */
    networkNamespaces: join(run, "netns"),
    /** Files of a container that outlive its runs: the log. */
    container: (id: string) => `${containers}/${id}`,
    /**
     * What a running container has: rootfs, sockets of its monitor, exit record, hostname, hosts, resolv.conf; `state`
     * below is the runtime's.
     */
    containerRun: (id: string) => `${running}/${id}`,
  };
}

export type EngineLayout = ReturnType<typeof enginePaths>;
