import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";
import type { TugError } from "../base/index.ts";
import { fieldValue, type Op, type OpOf, type Plan, printOp } from "../plan/index.ts";
import type { Failure } from "./answer.ts";
import { helperError, runtimeError } from "./errors.ts";
import { explanations, phrases, type RuntimeCode } from "./phrases.ts";
import { codeOfWords, runtimeWords } from "./runtime-words.ts";

/**
 * The error a user sees for a failure in the helper:
 * `cannot mount /data (config.json#/mounts/3): /srv/x: no such file or directory`.
 */
export function failureError(plan: Plan, failure: Failure): TugError {
  if (failure.list === undefined) {
    return helperError(
      "PROTOCOL",
      `cannot execute the plan: the helper refused op ${failure.index} (${failure.call})`,
    );
  }
  const op = plan[failure.list][failure.index] ?? opAfterStart(plan, failure);
  if (op === undefined) {
    return helperError("PROTOCOL", "cannot execute the plan: the helper reports an op that is not in it");
  }
  const [code, phrase] = phrases[op.op];
  const sentence = `cannot ${fill(phrase, op)} (${place(op.from)}): ${reason(failure, op)}`;
  const hint = runtimeHint(op);
  const own = programCode(code, failure);
  return runtimeError(own, sentence, {
    ...(own === "HANDLER" && hint !== undefined && { hint }),
    details: {
      errno: errnoName(failure.errno),
      op: op.op,
      list: failure.list,
      index: failure.index,
      call: failure.call,
      path: failure.path,
      from: op.from,
      printed: printOp(op),
    },
  });
}

/** The symbol of an errno as the kernel has it, such as ENOENT, or its number. */
export function errnoName(errno: number): string {
  if (errno === constants.errno.EOPNOTSUPP) return "EOPNOTSUPP";
  return Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? String(errno);
}

/** The words of strerror(3) where libuv has others that mislead, or none. */
const words: Readonly<Record<string, string>> = {
  EBUSY: "device or resource busy",
  ECHILD: "no child processes",
  EDQUOT: "disk quota exceeded",
  EISDIR: "is a directory",
  ELOOP: "too many levels of symbolic links",
  EOPNOTSUPP: "operation not supported",
  ERANGE: "numerical result out of range",
  ETIMEDOUT: "timed out",
  EXDEV: "invalid cross-device link",
};

/** The usual words for an errno, in lower case. */
export function errnoText(errno: number): string {
  return words[errnoName(errno)] ?? getSystemErrorMap().get(-errno)?.[1] ?? `error ${errno}`;
}

/**
 * The op that failed after start, where another plan, long done, had made the process: few ops come then, and the call
 * tells which one it was.
 */
function opAfterStart(plan: Plan, { list, call, path }: Failure): Op | undefined {
  if (list !== "init" || !plan.host.some(({ op }) => op === "start")) return undefined;
  if (call === "hook")
    return { op: "hook", from: "/hooks/startContainer", path, args: [], env: [], input: "" };
  if (call === "seccomp") return { op: "seccomp", from: "/linux/seccomp", filter: new Uint8Array() };
  return { op: "exec", from: "/process/args", args: [path], env: [] };
}

function fill(phrase: string, op: Op): string {
  return phrase.replace(/\{(\w+)\}/g, (_, key: string) => String(fieldValue(op, key) ?? ""));
}

function place(from: string): string {
  return from.startsWith("/") ? `config.json#${from}` : from;
}

/** A program that exists but cannot be executed is another error than one that is not there. */
function programCode(code: RuntimeCode, failure: Failure): RuntimeCode {
  if (code === "HANDLER") return codeOfWords(runtimeWords(failure.path)) ?? code;
  if (code !== "PROGRAM_NOT_FOUND" && code !== "PROGRAM_NOT_EXECUTABLE") return code;
  const missing = failure.errno === constants.errno.ENOENT || failure.errno === constants.errno.ENOTDIR;
  return missing ? "PROGRAM_NOT_FOUND" : "PROGRAM_NOT_EXECUTABLE";
}

function reason(failure: Failure, op: Op): string {
  if (op.op === "findProgram" || (op.op === "exec" && failure.call === "execve"))
    return programReason(failure, op);
  if (op.op === "callRuntime" && failure.call === op.op) return runtimeReason(failure);
  const ended = failure.status === 0 ? "" : describeStatus(failure.status);
  const explained = explanations[`${op.op} ${errnoName(failure.errno)}`];
  const text = failure.errno === 0 ? ended : (explained ?? errnoText(failure.errno));
  const object = objectOf(failure, op);
  return [object, text || `${failure.call} failed`].filter((part) => part !== "").join(": ");
}

/** Whose words they are, and what may help. */
function runtimeHint(op: Op): string | undefined {
  if (op.op !== "callRuntime") return undefined;
  return `see whether ${op.args[0]} can do what the container asks for, or use --runtime tug`;
}

/** What a runtime says of itself; where it says nothing, how it ended. */
function runtimeReason({ path, status }: Failure): string {
  return runtimeWords(path) || describeStatus(status);
}

/** What the sentence does not name yet. */
function objectOf({ path }: Failure, op: Op): string {
  if (op.op === "attach" && op.inside && op.inside === path) return `its subpath ${path}`;
  return Object.values(op).includes(path) ? "" : path;
}

/**
 * Why a program cannot be executed, in the words by which callers of runc tell 126 from 127.
 * Source: https://pkg.go.dev/os/exec#Error, https://github.com/moby/moby/blob/docker-v29.7.2/daemon/start.go
 */
function programReason({ errno, path }: Failure, op: OpOf<"findProgram" | "exec">): string {
  const program = op.op === "exec" ? (op.args[0] ?? "") : op.program;
  const searched = errno === constants.errno.ENOENT && !program.includes("/");
  const text = searched ? "executable file not found in $PATH" : errnoText(errno);
  const place = path === program || path === "" ? "" : `${path}: `;
  return `exec: ${JSON.stringify(program)}: ${place}${text}`;
}

/** A raw wait status in words. */
function describeStatus(status: number): string {
  const signal = status & 0x7f;
  if (signal === 0) return `it exited with ${(status >> 8) & 0xff}`;
  const name = Object.entries(constants.signals).find(([, value]) => value === signal)?.[0];
  return `it was killed by ${name ?? `signal ${signal}`}`;
}
