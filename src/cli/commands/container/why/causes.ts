import { constants } from "node:os";
import type { dockerApi } from "../../../../specs/index.ts";
import { binarySize } from "../../../table/sizes.ts";

type Sentence = (end: dockerApi.WhyEnd) => string;

const sentences: Readonly<Record<dockerApi.EndCause, Sentence>> = {
  finished: () => "its program ended by itself, with success",
  exited: ({ ExitCode }) => `its program ended by itself, with exit code ${ExitCode}`,
  signal: ({ Signal }) => `its program was ended by ${Signal}${faults[Signal ?? ""] ?? ""}`,
  stopped: ({ Signal, ExitCode }) =>
    `somebody stopped it, and its program ended with ${Signal ?? `exit code ${ExitCode}`}`,
  oom: ({ Oom }) => {
    if (Oom === undefined) return "the OOM killer ended it";
    return Oom.Limit === undefined
      ? "the OOM killer ended it, because the machine or a group above it had no memory left"
      : `the OOM killer ended it at its limit of ${binarySize(Oom.Limit)} of memory`;
  },
  unhealthy: () => "its health check failed, and it was ended for that",
  "not-started": () => "it could not be started",
  "monitor-lost": () => "its monitor was killed, and so it was ended",
  "machine-down": () => "the machine went down while it ran",
};

/** What the kernel says by a signal that nobody sends. */
const faults: Readonly<Record<string, string>> = {
  SIGSEGV: ": it used memory that it does not have",
  SIGBUS: ": it used memory that has nothing behind it",
  SIGILL: ": it has an instruction that this processor does not know",
  SIGFPE: ": it calculated what has no result",
  SIGABRT: ": it gave up by itself",
  SIGSYS: ": it made a system call that its seccomp profile forbids",
};

/** How a run ended, as the rest of a sentence. */
export function howItEnded(end: dockerApi.WhyEnd): string {
  const sentence = sentences[end.Cause](end);
  const others =
    end.Cause !== "oom" && end.Oom !== undefined ? "; the OOM killer had killed a part of it" : "";
  return `${sentence}${others}`;
}

/** What a program commonly means by an exit code; undefined for most. */
export function meaningOf(code: number): string | undefined {
  if (code === 126) return "a shell's word for: the command may not be executed";
  if (code === 127) return "a shell's word for: the command was not found";
  const [name] = Object.entries(constants.signals).find(([, number]) => number === code - 128) ?? [];
  return name === undefined ? undefined : `a shell's word for: the command was ended by ${name}`;
}

/** What can be done about it; undefined when nothing is wrong or nobody knows. */
export function adviceFor({ Name, Status, End, Now }: dockerApi.ContainerWhy): string | undefined {
  if (Now?.Oom !== undefined || End?.Cause === "oom") {
    const limit = (Now?.Oom ?? End?.Oom)?.Limit;
    if (limit === undefined) return "look at what else needs memory: tug stats";
    const more = binarySize(2 * limit)
      .replace(/iB$/, "")
      .toLowerCase();
    return `give it more: tug update --memory ${more} ${Name}`;
  }
  if (End === undefined) return Status === "created" ? `start it with: tug start ${Name}` : undefined;
  switch (End.Cause) {
    case "unhealthy":
      return `see what its probes said: tug inspect --format '{{json .State.Health}}' ${Name}`;
    case "not-started":
      return `see how it would be started: tug explain ${Name}`;
    default:
      return undefined;
  }
}
