import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import { readLog } from "../logs/read-log.ts";
import type { LogSelection } from "../logs/render-records.ts";
import type { LiveContainers } from "./live.ts";
import { LOG_FILE } from "./prepare-run.ts";
import type { ContainerRecord } from "./record.ts";

/** What a client wants of a log; see the Docker door's port of the same shape. */
export type LogQuery = LogSelection & {
  /** Go on until the container has ended and will not be started again by its policy. */
  readonly follow: boolean;
  /** Number of last lines; left out: all. */
  readonly tail?: number | undefined;
  readonly timestamps: boolean;
  /** Records of one output that follow each other may share a frame. */
  readonly merge: boolean;
};

/**
 * A container's log as bytes: in Docker's frames, except that of a terminal.
 *
 * @throws ENGINE_LOG_DRIVER when nothing was kept
 */
export function readLogs(
  { layout, store, events }: EngineContext,
  live: LiveContainers,
  { record, query, signal }: { record: ContainerRecord; query: LogQuery; signal: AbortSignal },
): { readonly tty: boolean; readonly bytes: AsyncIterable<Uint8Array> } {
  const { id, request } = record;
  if (request.logging.driver === "none") {
    throw engineError("LOG_DRIVER", "configured logging driver does not support reading", {
      hint: `container ${record.name} was created with --log-driver none`,
    });
  }
  const { tty } = request.stdio;
  const mayGrow = (): boolean => {
    const now = store.get(id);
    if (now === undefined) return false;
    const willRun = now.state.status === "restarting" || now.state.status === "starting";
    // The connection to the monitor stays until the last output has been taken.
    return willRun || live.get(id).control !== undefined;
  };
  const onChange = (listener: () => void): (() => void) =>
    events.listen((event) => {
      if (event.id !== id) return;
      listener();
      void live.get(id).settled.then(listener);
    });
  const follow = query.follow && mayGrow() ? { mayGrow, onChange, signal } : undefined;
  const framing = tty ? "raw" : query.merge ? "merged" : "each";
  return { tty, bytes: readLog(`${layout.container(id)}/${LOG_FILE}`, { ...query, framing }, follow) };
}
