export { type GroupFiles, groupFiles } from "./group-files.ts";
export { readOomKills, readStats } from "./read.ts";
export type { ContainerStats } from "./types.ts";
