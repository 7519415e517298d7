import { readFileSync } from "node:fs";
import { errnoOf, messageOf, TugError } from "../../base/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { engineError } from "../errors.ts";

/** Exit codes of a program that could not be executed, as shells have them. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/** The error of a program that could not be started in a container; `exitCode` is what a client ends with. */
export function execFailure(error: unknown, { name, state }: ContainerRecord): TugError {
  const missing = error instanceof TugError && error.code === "RUNTIME_PROGRAM_NOT_FOUND";
  const exitCode = missing ? NOT_FOUND : NOT_EXECUTABLE;
  const reason = isGone(error) || isEnding(state.pid) ? "container is not running" : reasonOf(error);
  return engineError("EXEC_START", `cannot exec in container ${name}: ${reason}`, {
    details: { exitCode, reason },
    cause: error,
  });
}

function reasonOf(error: unknown): string {
  const message = messageOf(error);
  const programs = error instanceof TugError && error.code.startsWith("RUNTIME_PROGRAM_");
  // An op names its place in a document that nobody has seen.
  return programs ? message.slice(message.indexOf("): ") + 3) : message.replace(/ \(process[^)]*\)/, "");
}

/** Source: include/linux/sched.h */
const PF_EXITING = 0x4;

/**
 * Whether a container's first process has ended or is about to: it takes along what is being started in its namespaces,
 * and is seen as ended only after that. Source: proc_pid_stat(5), field 9
 */
function isEnding(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[6]) & PF_EXITING) !== 0;
  } catch {
    return true;
  }
}

/** The container ended between the look and the act: its process is gone, or its directory. */
function isGone(error: unknown): boolean {
  if (error instanceof TugError) {
    const gone = ["CONTAINER_NOT_FOUND", "ENGINE_CONTAINER_NOT_RUNNING"];
    return error.details.errno === "ESRCH" || gone.includes(error.code);
  }
  return errnoOf(error) === "ENOENT";
}
