import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import type { Logger } from "../base/index.ts";
import {
  type ExecuteOptions,
  type Execution,
  followPlan,
  type Helper,
  type NetworksAhead,
  startPlaceholder,
} from "../helper/index.ts";
import type { HostFacts } from "../host/index.ts";
import {
  defaultRoot,
  type EnvironmentMaker,
  isRootless,
  type KnownPlans,
  ociLogger,
  runOci,
} from "../oci/index.ts";
import { asOutgoing, type OutgoingPlan, type Plan } from "../plan/index.ts";
import type { FrontConnection } from "./connection.ts";
import type { FrontRequest } from "./request.ts";

export type OciSessionOptions = {
  readonly version: string;
  /** Facts as the caller sees them: its control groups, its capabilities. */
  readonly readFacts: () => Promise<HostFacts>;
  /** The helper program. */
  readonly program: string;
  /** Effective user id of the caller. */
  readonly uid: number;
  /** Those of earlier sessions. */
  readonly knownPlans?: KnownPlans;
  /** Network namespaces for new containers; absent: each makes its own. */
  readonly networksAhead?: NetworksAhead;
};

/**
 * Runs `tug-oci` in this process on behalf of a front, which executes the plans in its own process. A plan is made while the
 * front has yet to say that it wants the command carried out, and sent then.
 */
export function runTugOci(
  request: FrontRequest,
  connection: FrontConnection,
  options: OciSessionOptions,
): Promise<number> {
  const stdout = (text: string): void => void connection.stdout.write(text);
  const stderr = (text: string): void => void connection.stderr.write(text);
  const helper = frontHelper(connection);
  const makeEnvironment: EnvironmentMaker = (globals) => {
    const file = globals.log === undefined ? undefined : resolve(request.cwd, globals.log);
    const { "log-format": format, debug } = globals;
    const logger = whenAdmitted(connection, ociLogger({ file, format, debug, umask: request.umask }, stderr));
    return {
      cwd: request.cwd,
      env: request.env,
      uid: options.uid,
      umask: request.umask,
      pid: request.pid,
      stdout,
      stdin: () => buffer(connection.stdin),
      readFile: fileReader(request),
      logger,
      signal: connection.gone,
      admitted: connection.admitted,
      runtime: async () => {
        const facts = await options.readFacts();
        return {
          root: resolve(
            request.cwd,
            globals.root ?? defaultRoot({ uid: options.uid, env: request.env, facts }),
          ),
          helper,
          facts,
          logger,
          owner: options.uid,
          rootless: isRootless(globals.rootless, { uid: options.uid, facts }),
          placeholder: () => startPlaceholder(options.program),
          knownPlans: options.knownPlans,
          networksAhead: options.networksAhead,
        };
      },
    };
  };
  return runOci(request.argv, makeEnvironment, { stdout, stderr, version: options.version });
}

/** Reads files; the one that came with a request is not read again. */
function fileReader({ cwd, config }: FrontRequest): (path: string) => Promise<Buffer> {
  const path = config && resolve(cwd, config.path);
  return async (wanted) => (config !== undefined && wanted === path ? config.content : readFile(wanted));
}

/** A logger that keeps what it is told until the command may have an effect. */
function whenAdmitted({ admitted }: FrontConnection, logger: Logger): Logger {
  const waiting: Logger = {
    // Without a front nobody reads it, and a log that cannot be written was told of when it was opened.
    log: (...entry) => void admitted.then(() => logger.log(...entry)).catch(() => undefined),
    with: () => waiting,
  };
  return waiting;
}

/**
 * A helper whose plans front executes in its own process, so that the container is a child of whoever called. Standard
 * streams are front's own; there are no further streams.
 */
export function frontHelper(connection: FrontConnection): Helper {
  const running = new Map<number, ReturnType<typeof byteQueue>>();
  let last = 0;
  connection.onAnswer((content) => running.get(content.readUInt32LE())?.push(content.subarray(4)));
  connection.gone.addEventListener("abort", () => {
    for (const queue of running.values()) queue.end();
  });
  const start = (plan: Plan | OutgoingPlan, options: ExecuteOptions = {}): Execution => {
    const { encode, ops } = asOutgoing(plan, options.bindings);
    const { message, digest } = encode();
    last += 1;
    const number = last;
    const queue = byteQueue();
    running.set(number, queue);
    const send = (): void => connection.sendPlan(number, message, options.isLast ?? false);
    connection.admitted.then(send, () => queue.end());
    if (connection.gone.aborted) queue.end();
    const result = followPlan(queue.bytes, { ops, digest, options }).finally(() => running.delete(number));
    result.catch(() => undefined);
    return { streams: [], result };
  };
  return { start, execute: (plan, options) => start(plan, options).result };
}

/** Bytes that are pushed by one and read by another. */
function byteQueue(): { push(bytes: Buffer): void; end(): void; readonly bytes: AsyncIterable<Buffer> } {
  const waiting: Buffer[] = [];
  let ended = false;
  let wake: () => void = () => undefined;
  async function* read(): AsyncGenerator<Buffer> {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else if (ended) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }
  return {
    push(bytes) {
      waiting.push(bytes);
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    bytes: read(),
  };
}
