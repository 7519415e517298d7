import assert from "node:assert/strict";
import { until } from "../../privileged/harness/until.ts";
import { startTugCommand } from "./command.ts";
import type { Engine } from "./engine.ts";

/** What a container runs that says `up`, and at SIGTERM `term` and ends with 9. */
export const trapping = "trap 'echo term; exit 9' TERM; echo up; while :; do sleep 0.05; done";

/** The container `web`, which runs `trapping`, is stopped, started, killed and removed as any other. */
export async function stopStartKill(engine: Engine): Promise<void> {
  const logged = () => engine.ok(["logs", "web"]);
  await until("the trap is set", async () => (await logged()) === "up\n");
  await using waiting = startTugCommand(engine, ["wait", "web"]);
  await engine.ok(["stop", "web"]);
  assert.deepEqual([await waiting.code, waiting.stdout()], [0, "9\n"]);
  assert.equal(await logged(), "up\nterm\n");
  await engine.ok(["start", "web"]);
  await engine.ok(["kill", "-s", "KILL", "web"]);
  const state = await engine.ok(["inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "web"]);
  assert.equal(state, "exited 137\n");
  await engine.ok(["start", "web"]);
  await engine.ok(["rm", "-f", "web"]);
}
