import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerState } from "../../../../../engine/index.ts";
import { renderStatus } from "./status.ts";

const NOW = Date.parse("2026-01-02T04:00:00Z");

const base: ContainerState = {
  status: "running",
  pid: 1,
  exitCode: 0,
  error: "",
  oomKilled: false,
  startedAt: "2026-01-02T03:00:00Z",
};

const sentences: [differs: Partial<ContainerState>, text: string][] = [
  [{}, "Up About an hour"],
  [{ health: { status: "healthy", failingStreak: 0, log: [] } }, "Up About an hour (healthy)"],
  [{ health: { status: "starting", failingStreak: 0, log: [] } }, "Up About an hour (health: starting)"],
  [{ status: "paused" }, "Up About an hour (Paused)"],
  [{ status: "created", startedAt: undefined }, "Created"],
  [{ status: "exited", exitCode: 137, finishedAt: "2026-01-02T03:59:30Z" }, "Exited (137) 30 seconds ago"],
  [{ status: "restarting", exitCode: 1, finishedAt: "2026-01-02T03:59:59Z" }, "Restarting (1) 1 second ago"],
  [{ status: "removing" }, "Removal In Progress"],
  [{ status: "dead" }, "Dead"],
];

for (const [differs, text] of sentences) {
  test(`a container that is ${JSON.stringify(differs)} shows "${text}"`, () => {
    assert.equal(renderStatus({ ...base, ...differs }, NOW), text);
  });
}
