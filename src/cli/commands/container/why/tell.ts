import type { dockerApi } from "../../../../specs/index.ts";
import { ago } from "../../../table/moments.ts";
import { shortId } from "../../../table/shorten.ts";
import { binarySize } from "../../../table/sizes.ts";
import { adviceFor, howItEnded, meaningOf } from "./causes.ts";

/** A part of the story, with the word that stands before it. */
type Part = readonly [heading: string, text: string];

/**
 * The story of a container for people: one sentence, what is known beside it, and what to do.
 *
 * @param now milliseconds since 1970
 */
export function tellWhy(why: dockerApi.ContainerWhy, now: number): string {
  const { Name, End, Log } = why;
  const parts = [...endParts(End), ...stateParts(why, now), ...differenceParts(why, now)];
  const width = Math.max(0, ...parts.map(([heading]) => heading.length));
  const advice = adviceFor(why);
  return [
    `${Name}: ${headline(why, now)}`,
    ...parts.map(([heading, text]) => `  ${`${heading}:`.padEnd(width + 1)} ${text}`),
    ...(Log.length === 0 ? [] : ["", "the end of its log:", ...Log.map((line) => `  ${printable(line)}`)]),
    ...(advice === undefined ? [] : ["", `hint: ${advice}`]),
    "",
  ].join("\n");
}

function headline({ Status, StartedAt, End }: dockerApi.ContainerWhy, now: number): string {
  const begun = StartedAt === undefined ? "" : `, since ${shortly(ago(seconds(StartedAt), now))}`;
  const isUp = Status === "running" || Status === "paused";
  if (End === undefined)
    return isUp ? `it is ${Status}${begun}; no run of it has ended yet` : "it was never started";
  const end = `${howItEnded(End)}, ${ago(seconds(End.At), now)}`;
  return isUp ? `it is ${Status}${begun}; before that ${end}` : end;
}

function endParts(end: dockerApi.WhyEnd | undefined): Part[] {
  if (end === undefined) return [];
  const { ExitCode, Signal, Error: error, Oom, Pressure, Throttled, StartedAt, At } = end;
  const meaning = Signal ?? meaningOf(ExitCode);
  const parts: Part[] = [["exit code", meaning === undefined ? `${ExitCode}` : `${ExitCode} (${meaning})`]];
  if (error !== undefined) parts.push(["error", error]);
  if (StartedAt !== undefined)
    parts.push(["ran for", `${Math.max(0, seconds(At) - seconds(StartedAt)).toFixed(1)} s`]);
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
  if (Pressure !== undefined) parts.push(["pressure", describePressure(Pressure)]);
  return parts;
}

function stateParts({ Restart, Health, Pressure, Status }: dockerApi.ContainerWhy, now: number): Part[] {
  const parts: Part[] = [];
  if (Pressure !== undefined) parts.push(["pressure now", describePressure(Pressure)]);
  if (Restart.Count > 0 || Status === "restarting") {
    const wait = Restart.At === undefined ? 0 : Math.max(0, Date.parse(Restart.At) - now) / 1000;
    const next = Status === "restarting" ? `, again in ${wait.toFixed(1)} s` : "";
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
  const good: Part = ["last good run", `${ago(seconds(At), now)}${which}`];
  if (Differences.length === 0) return [good, ["since then", "nothing in its configuration has changed"]];
  return [
    good,
    ...Differences.map(({ What, Change, Before, Now }): Part => {
      if (Before === undefined && Now === undefined) return ["since then", `${What}: ${Change}`];
      const text = [Before, Now]
        .map((value) => (value === undefined ? "nothing" : printable(value)))
        .join(" -> ");
      return ["since then", `${What}: ${text}`];
    }),
  ];
}

/** The last ten seconds. */
function describePressure(pressure: dockerApi.WhyPressure): string {
  const shares = (["Memory", "Cpu", "Io"] as const).flatMap((name) => {
    const some = pressure[name]?.Some?.[0];
    return some === undefined ? [] : [`${name.toLowerCase()} ${some} %`];
  });
  const whose = pressure.Scope === "machine" ? " (of the whole machine)" : "";
  return `${shares.join(", ")} of the last ten seconds waited for${whose}`;
}

function seconds(moment: string): number {
  return Date.parse(moment) / 1000;
}

function shortly(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** What a container wrote must not reach the terminal's controls. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
}
