export { type GroupFiles, groupFiles } from "../../runtime/index.ts";

/** `NAME NUMBER` lines. Source: https://docs.kernel.org/admin-guide/cgroup-v2.html#format "flat keyed" */
export function flatKeyed(text: string): Record<string, number> {
  return Object.fromEntries(
    text.split("\n").flatMap((line): [string, number][] => {
      const [, name, value] = /^(\S+) (\d+)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, Number(value)]];
    }),
  );
}

/** The number in a file, or undefined for `max` and where there is none. */
export function numberIn(text: string): number | undefined {
  return /^\d+\s*$/.test(text) ? Number(text) : undefined;
}
