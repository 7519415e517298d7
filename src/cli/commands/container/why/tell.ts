import { dockerApi } from "../../../../specs/index.ts";
import { ago } from "../../../table/moments.ts";
import { shortId } from "../../../table/shorten.ts";
import { binarySize } from "../../../table/sizes.ts";
import { printable } from "../../../terminal/printable.ts";
import { adviceFor, howItEnded, meaningOf } from "./causes.ts";

/** A part of the story, with the word that stands before it. */
type Part = readonly [heading: string, text: string];

/**
 * The story of a container for people: one sentence, what is known beside it, and what to do.
 *
 * @param now milliseconds since 1970
 */
export function tellWhy(why: dockerApi.ContainerWhy, now: number): string {
  const { Name, Log } = why;
  const parts = [...endParts(why), ...traceParts(why), ...stateParts(why, now), ...differenceParts(why, now)];
  const width = Math.max(0, ...parts.map(([heading]) => heading.length));
  const advice = adviceFor(why);
  return [
    `${Name}: ${headline(why, now)}`,
    ...parts.map(([heading, text]) => `  ${(heading === "" ? "" : `${heading}:`).padEnd(width + 1)} ${text}`),
    ...(Log.length === 0 ? [] : ["", "the end of its log:", ...Log.map((line) => `  ${printable(line)}`)]),
    ...(advice === undefined ? [] : ["", `hint: ${advice}`]),
    "",
  ].join("\n");
}

function headline({ Status, StartedAt, End, Now }: dockerApi.ContainerWhy, now: number): string {
  const end = End && `${howItEnded(End)}, ${when(End.At, now)}`;
  if (!isUp(Status)) return end ?? "it was never started";
  const begun = StartedAt === undefined ? "" : `, since ${when(StartedAt, now)}`;
  const losses =
    Now?.Oom === undefined ? "" : `; the OOM killer has killed a part of it ${times(Now.Oom.Kills)}`;
  return `it is ${Status}${begun}${losses}; ${end === undefined ? "no run of it has ended yet" : `before that ${end}`}`;
}

function isUp(status: dockerApi.ContainerStatus): boolean {
  return status === "running" || status === "paused";
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function endParts({ Status, End }: dockerApi.ContainerWhy): Part[] {
  if (End === undefined) return [];
  const { Cause, ExitCode, Signal, Error: error, StartedAt, At } = End;
  const last = isUp(Status) ? "last " : "";
  const meaning = Signal ?? (Cause === "not-started" ? undefined : meaningOf(ExitCode));
  const parts: Part[] = [
    [`${last}exit code`, meaning === undefined ? `${ExitCode}` : `${ExitCode} (${meaning})`],
  ];
  if (error !== undefined) parts.push([`${last}error`, error]);
  if (StartedAt !== undefined)
    parts.push([`${last === "" ? "ran" : "had run"} for`, duration(Date.parse(At) - Date.parse(StartedAt))]);
  return parts;
}

/** Of the run that goes on, or else of the last one. */
function traceParts({ Status, End, Now = {} }: dockerApi.ContainerWhy): Part[] {
  const { Oom, Throttled, Pressure } = isUp(Status) ? Now : (End ?? {});
  const parts: Part[] = [];
  for (const { Pid, Command, Bytes } of Oom?.Victims ?? [])
    parts.push(["killed", `process ${Pid} (${printable(Command)}), which held ${binarySize(Bytes)}`]);
  if (Oom?.Peak !== undefined) {
    const limit = Oom.Limit === undefined ? "without a limit of its own" : `of ${binarySize(Oom.Limit)}`;
    parts.push(["memory", `${binarySize(Oom.Peak)} at most, ${limit}`]);
  }
  if (Throttled !== undefined) {
    const { Periods, ThrottledPeriods, ThrottledNanoseconds } = Throttled;
    const time = (ThrottledNanoseconds / 1e9).toFixed(1);
    parts.push([
      "held back",
      `in ${ThrottledPeriods} of ${Periods} periods of its processor limit, ${time} s in all`,
    ]);
  }
  if (Pressure !== undefined) parts.push([isUp(Status) ? "waits" : "waited", describePressure(Pressure)]);
  return parts;
}

function stateParts({ Restart, Health, Status }: dockerApi.ContainerWhy, now: number): Part[] {
  const parts: Part[] = [];
  if (Restart.Count > 0 || Status === "restarting") {
    const wait = Restart.At === undefined ? 0 : Date.parse(Restart.At) - now;
    const next = Status === "restarting" ? `, again in ${duration(wait)}` : "";
    parts.push(["restarts", `${Restart.Count} by its policy ${Restart.Policy}${next}`]);
  }
  if (Health !== undefined && Health.Status !== "none") {
    const last = Health.Log.at(-1);
    const streak = Health.FailingStreak > 0 ? `, ${Health.FailingStreak} failures in a row` : "";
    const output = printable(last?.Output.trim().split("\n").at(-1) ?? "");
    const result =
      last === undefined ? "" : `; the last probe ended with ${last.ExitCode}${output && `: ${output}`}`;
    parts.push(["health", `${Health.Status}${streak}${result}`]);
  }
  return parts;
}

function differenceParts({ Id, LastGood }: dockerApi.ContainerWhy, now: number): Part[] {
  if (LastGood === undefined) return [];
  const { At, Differences } = LastGood;
  const which = LastGood.Id === Id ? "" : ` of ${shortId(LastGood.Id)}`;
  const good: Part = ["last good run", `${when(At, now)}${which}`];
  if (Differences.length === 0) return [good, ["since then", "nothing in its configuration has changed"]];
  return [
    good,
    ...Differences.map((difference, index): Part => {
      return [index === 0 ? "since then" : "", describeDifference(difference)];
    }),
  ];
}

function describeDifference({ What, Change, Before, Now }: dockerApi.WhyDifference): string {
  if (Before === undefined && Now === undefined) return `${What}: ${Change}`;
  const show = (value: string | undefined): string => {
    if (value === undefined) return "nothing";
    if (/^limit memory(Reservation|Swap)?$/.test(What) && /^\d+$/.test(value))
      return binarySize(Number(value));
    return What === "limit nanoCpus" ? `${Number(value) / 1e9} processors` : printable(value);
  };
  return `${What}: ${show(Before)} -> ${show(Now)}`;
}

/** The last ten seconds. */
function describePressure(pressure: dockerApi.WhyPressure): string {
  const shares = Object.entries(resources).flatMap(([name, what]) => {
    const some = pressure[name as keyof typeof resources]?.Some?.[0];
    return some === undefined ? [] : [`${some} % for ${what}`];
  });
  const whose = pressure.Scope === "machine" ? " (the whole machine)" : "";
  return `of the last ten seconds ${shares.join(", ")}${whose}`;
}

const resources = { Memory: "memory", Cpu: "a processor", Io: "io" } as const;

/** `3 minutes ago`, in the middle of a sentence. */
function when(moment: string, now: number): string {
  return lowerFirst(ago(Date.parse(moment) / 1000, now));
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** `20 ms`, `2.5 s`, `3 minutes`. */
function duration(milliseconds: number): string {
  const whole = Math.max(0, Math.round(milliseconds));
  if (whole >= 60_000) return lowerFirst(dockerApi.humanDuration(whole / 1000));
  return whole < 1000 ? `${whole} ms` : `${(whole / 1000).toFixed(1)} s`;
}
