import { removeTree } from "../../base/index.ts";
import type { InitProcess, MonitorControl } from "../../helper/index.ts";
import { engineError } from "../errors.ts";
import type { Exec } from "../model/exec-view.ts";
import type { ExecRecord } from "./record.ts";

/** A session as this engine knows it. */
export type ExecSession = {
  readonly record: ExecRecord;
  readonly directory: string;
  status: "created" | "starting" | "running" | "ended";
  /** The program's, while it runs. */
  process: InitProcess | undefined;
  exitCode: number | undefined;
  /** Milliseconds since 1970. */
  endedAt: number;
  control: MonitorControl | undefined;
  /** Resolved when the end is known and everybody has been told. */
  readonly ended: PromiseWithResolvers<void>;
};

/** The sessions of all containers, in the order they were made. */
export interface ExecSessions {
  add(record: ExecRecord, directory: string): ExecSession;
  /** @throws ENGINE_EXEC_NOT_FOUND */
  find(id: string): ExecSession;
  /** Ids of a container's sessions that have not ended, of its run by that init. */
  idsOf(containerId: string, init: ExecRecord["init"]): string[];
  /** A container's sessions whose program has been started and has not ended. */
  begunIn(containerId: string): ExecSession[];
  /** Resolved when the end is known of every program that was started in a container. */
  allEnded(containerId: string): Promise<void>;
  /** Forgets a session and removes its directory. */
  forget(session: ExecSession): Promise<void>;
  /** Forgets what has ended long ago, and what belongs to containers that are gone, with its directories. */
  prune(): Promise<void>;
}

/** How long after its end a session can be looked at, and how many of those there can be. */
const KEPT_MILLISECONDS = 5 * 60 * 1000;
const KEPT = 64;

/**
 * A table without sessions.
 *
 * @param hasContainer whether there is a container of that id
 */
export function createExecSessions(
  hasContainer: (id: string) => boolean,
  now: () => number = Date.now,
): ExecSessions {
  const table = new Map<string, ExecSession>();
  return {
    add(record, directory) {
      const session: ExecSession = {
        record,
        directory,
        status: "created",
        process: undefined,
        exitCode: undefined,
        endedAt: 0,
        control: undefined,
        ended: Promise.withResolvers<void>(),
      };
      table.set(record.id, session);
      return session;
    },
    find(id) {
      const session = table.get(id);
      if (session !== undefined) return session;
      throw engineError("EXEC_NOT_FOUND", `no such exec instance: ${id}`, { details: { exec: id } });
    },
    idsOf: (containerId, init) =>
      [...table.values()]
        .filter(({ record, status }) => status !== "ended" && belongsTo(record, containerId, init))
        .map(({ record }) => record.id),
    begunIn: (containerId) =>
      [...table.values()].filter((session) => session.record.containerId === containerId && isBegun(session)),
    async allEnded(containerId) {
      await Promise.all(this.begunIn(containerId).map(({ ended }) => ended.promise));
    },
    async forget({ record, directory }) {
      table.delete(record.id);
      await removeTree(directory);
    },
    async prune() {
      const ended = [...table.values()].filter(({ status }) => status === "ended");
      const crowded = new Set(ended.toSorted((a, b) => b.endedAt - a.endedAt).slice(KEPT));
      const containers = new Set([...table.values()].map(({ record }) => record.containerId));
      const gone = new Set([...containers].filter((id) => !hasContainer(id)));
      const forgotten = [...table.values()].filter(
        (session) =>
          gone.has(session.record.containerId) ||
          crowded.has(session) ||
          (session.status === "ended" && session.endedAt + KEPT_MILLISECONDS < now()),
      );
      for (const session of forgotten) {
        if (isBegun(session)) continue;
        await this.forget(session);
      }
    },
  };
}

function isBegun({ status }: ExecSession): boolean {
  return status === "starting" || status === "running";
}

function belongsTo({ containerId, init }: ExecRecord, id: string, run: ExecRecord["init"]): boolean {
  return containerId === id && init.pid === run.pid && init.startTime === run.startTime;
}

/** A session as the doors show it. */
export function viewExec(session: ExecSession): Exec {
  const { record, process, exitCode } = session;
  const { id, containerId, request } = record;
  return { id, containerId, request, running: isBegun(session), pid: process?.pid ?? 0, exitCode };
}
