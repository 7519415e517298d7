import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { ProcessMaker } from "../../src/helper/index.ts";

/** Monitors without a spawner: each is forked by the test, by the program's role `monitor FD`. */
export function forkMonitor(program: string): ProcessMaker {
  return {
    async connect(role) {
      if (role !== "monitor") throw new Error(`no process becomes a ${role} here`);
      const child: ChildProcess = spawn(program, ["monitor", "3"], {
        stdio: ["ignore", "ignore", "ignore", "pipe"],
        env: {},
      });
      await once(child, "spawn");
      return child.stdio[3] as unknown as Socket;
    },
  };
}
