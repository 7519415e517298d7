import { readFile } from "node:fs/promises";
import type { StoredState } from "../../runtime/index.ts";
import type { Pressure, PressureOf } from "../model/why-view.ts";
import { type GroupFiles, groupFiles } from "../stats/group-files.ts";

const resources = ["cpu", "memory", "io"] as const;

/** What a container, or where the kernel does not tell that the machine, waits for; undefined where it tells neither. */
export async function readPressure(groups: Pick<StoredState, "groups">): Promise<PressureOf | undefined> {
  const own = groupFiles(groups, "memory");
  return (
    (own.version === 2 ? await readAll("container", (name) => own.read(`${name}.pressure`)) : undefined) ??
    (await readAll("machine", (name) => readFile(`/proc/pressure/${name}`, "utf8").catch(() => "")))
  );
}

async function readAll(
  scope: PressureOf["scope"],
  read: GroupFiles["read"],
): Promise<PressureOf | undefined> {
  const found = await Promise.all(
    resources.map(async (name) => [name, parsePressure(await read(name))] as const),
  );
  const known = found.filter(([, pressure]) => pressure !== undefined);
  return known.length === 0 ? undefined : { scope, ...Object.fromEntries(known) };
}

/** The text of a file of pressure. Source: https://docs.kernel.org/accounting/psi.html */
export function parsePressure(text: string): Pressure | undefined {
  const lines = text.split("\n").flatMap((line) => {
    const [, kind, ...averages] =
      /^(some|full) avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+) /.exec(line) ?? [];
    return kind === undefined ? [] : [[kind, averages.map(Number)] as const];
  });
  return lines.length === 0 ? undefined : (Object.fromEntries(lines) as Pressure);
}
