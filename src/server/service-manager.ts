import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Logger } from "../base/index.ts";

/** The service manager that started this process, as far as it uses systemd's protocols. */
export type ServiceManager = {
  /** The number of the listening socket that it gave; undefined when it gave none. */
  readonly socket: number | undefined;
  /** Says how the service is: `READY=1`, `STOPPING=1`. Does nothing where nobody wants to hear it. */
  notify(state: string): Promise<void>;
};

export type ServiceManagerOptions = {
  /** The environment; what the protocols put there is taken out, so that no child takes it for its own. */
  readonly env: Record<string, string | undefined>;
  readonly pid: number;
  /** The helper program, which sends the messages. */
  readonly helper: string;
  readonly logger: Logger;
};

/** Given descriptors begin here. Source: sd_listen_fds(3), SD_LISTEN_FDS_START */
const FIRST_DESCRIPTOR = 3;

/**
 * Takes what a service manager hands to a service: sockets for this very process (LISTEN_PID, LISTEN_FDS), and the place
 * where it wants to hear that the service is ready (NOTIFY_SOCKET).
 * Source: sd_listen_fds(3), sd_notify(3)
 */
export function takeServiceManager({ env, pid, helper, logger }: ServiceManagerOptions): ServiceManager {
  const { LISTEN_PID, LISTEN_FDS, NOTIFY_SOCKET: place } = env;
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET"]) delete env[name];
  const given = LISTEN_PID === String(pid) ? Number(LISTEN_FDS) : 0;
  return {
    socket: given >= 1 ? FIRST_DESCRIPTOR : undefined,
    async notify(state) {
      if (place === undefined || !/^[/@]./.test(place)) return;
      const child = spawn(helper, ["notify", place, state], { stdio: "ignore", env: {} });
      const [code] = await once(child, "exit").catch((error: unknown) => [String(error)]);
      if (code !== 0) logger.log("warn", "service.notify", { place, state, code });
    },
  };
}
