import type * as v from "valibot";
import { integer, optional, struct, text } from "./fields.ts";
import { parseJson } from "./parse.ts";

/** The header of an answer that says what is at a path of a container: base64 of JSON. */
export const PATH_STAT_HEADER = "X-Docker-Container-Path-Stat";

const pathStat = struct({
  name: text,
  size: integer,
  mode: integer,
  mtime: text,
  linkTarget: optional(text),
});

/** What is at a path. `mode` has the bits of Go's os.FileMode. Source: swagger.yaml, operation `ContainerArchiveInfo` */
export type PathStat = v.InferOutput<typeof pathStat>;

export function formatPathStat(stat: PathStat): string {
  return Buffer.from(JSON.stringify(stat)).toString("base64");
}

/** @throws DOCKER_API_BODY */
export function parsePathStat(header: string): PathStat {
  return parseJson(pathStat, Buffer.from(header, "base64").toString(), PATH_STAT_HEADER);
}

/** Types of files in stat(2)'s mode, and the bits that Go has for them. Source: https://pkg.go.dev/io/fs@go1.24.0#FileMode */
const types: readonly (readonly [unix: number, go: number])[] = [
  [0o040000, 2 ** 31],
  [0o120000, 2 ** 27],
  [0o060000, 2 ** 26],
  [0o020000, 2 ** 26 + 2 ** 21],
  [0o010000, 2 ** 25],
  [0o140000, 2 ** 24],
];

const special: readonly (readonly [unix: number, go: number])[] = [
  [0o4000, 2 ** 23],
  [0o2000, 2 ** 22],
  [0o1000, 2 ** 20],
];

/** stat(2)'s mode in the bits of Go's os.FileMode. */
export function goFileMode(mode: number): number {
  const type = types.find(([unix]) => (mode & 0o170000) === unix)?.[1] ?? 0;
  const bits = special.filter(([unix]) => (mode & unix) !== 0).map(([, go]) => go);
  return [type, ...bits].reduce((sum, bit) => sum + bit, mode & 0o777);
}

export function isGoDirectory(mode: number): boolean {
  return Math.floor(mode / 2 ** 31) % 2 === 1;
}

export function isGoSymlink(mode: number): boolean {
  return Math.floor(mode / 2 ** 27) % 2 === 1;
}
