import { type LogLevel, TugError } from "../../base/index.ts";

/** The client is told of every failure; the log is for those that are the engine's own. */
export function levelOf(error: unknown): LogLevel {
  if (!(error instanceof TugError) || error.kind === "internal") return "error";
  return error.kind === "dataLoss" || error.kind === "exhausted" ? "warn" : "debug";
}
