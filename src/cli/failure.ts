import { styleText } from "node:util";
import { type ErrorDetails, messageOf, TugError } from "../base/index.ts";
import type { CliContext } from "./context.ts";

/** How a command ends when it is said nowhere else. */
const GENERAL_FAILURE = 1;

/** A failure in the form that people see: `tug: <sentence>`, and below it what they can do. */
export function renderFailure(error: unknown, context: CliContext): string {
  const hint = error instanceof TugError && error.hint !== undefined ? `${error.hint}\n` : "";
  return `${paint(context, "tug:")} ${messageOf(error)}\n${hint}`;
}

/** The exit code of a failure: the one that it carries, else the command's own. */
export function exitCodeOf(error: unknown, ofCommand: number | undefined): number {
  const carried = error instanceof TugError ? error.details.exitCode : undefined;
  return typeof carried === "number" ? carried : (ofCommand ?? GENERAL_FAILURE);
}

/** A failure with another sentence or more details. */
export function revise(error: TugError, changes: { message?: string; details?: ErrorDetails }): TugError {
  const { kind, code, message, hint, details } = error;
  return new TugError(kind, code, changes.message ?? message, {
    cause: error,
    details: { ...details, ...changes.details },
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Colours are for terminals, and for people who want them. Source: https://no-color.org */
function paint({ terminal, env }: CliContext, text: string): string {
  const plain = !terminal.stderr || (env.NO_COLOR ?? "") !== "" || env.TERM === "dumb";
  return plain ? text : styleText(["red", "bold"], text, { validateStream: false });
}
