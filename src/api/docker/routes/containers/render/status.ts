import type { ContainerState } from "../../../../../engine/index.ts";
import { dockerApi } from "../../../../../specs/index.ts";

/**
 * The sentence in the STATUS column: `Up 2 hours (healthy)`, `Exited (0) 3 days ago`.
 *
 * @param now milliseconds since 1970
 */
export function renderStatus(state: ContainerState, now: number): string {
  const up = `Up ${durationSince(state.startedAt, now)}`;
  switch (state.status) {
    case "running":
      return `${up}${healthSuffix(state)}`;
    case "paused":
      return `${up} (Paused)`;
    case "restarting":
      return `Restarting (${state.exitCode}) ${durationSince(state.finishedAt, now)} ago`;
    case "removing":
      return "Removal In Progress";
    case "dead":
      return "Dead";
    case "created":
      return "Created";
    case "exited":
      return state.finishedAt === undefined
        ? ""
        : `Exited (${state.exitCode}) ${durationSince(state.finishedAt, now)} ago`;
  }
}

function healthSuffix(state: ContainerState): string {
  if (state.health === undefined) return "";
  return state.health.status === "starting" ? " (health: starting)" : ` (${state.health.status})`;
}

function durationSince(moment: string | undefined, now: number): string {
  return dockerApi.humanDuration(moment === undefined ? 0 : (now - Date.parse(moment)) / 1000);
}
