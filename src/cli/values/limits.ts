import type { dockerApi } from "../../specs/index.ts";
import { badValue } from "./words.ts";

/**
 * `nofile=1024:2048`, soft and hard limit; one number is both; -1 is unlimited.
 * Source: https://docs.docker.com/reference/cli/docker/container/run/#ulimit
 *
 * @throws CLI_VALUE
 */
export function readUlimit(text: string): dockerApi.Ulimit {
  const [, name, softText, hardText] = /^([a-z]+)=(-?\d{1,15})(?::(-?\d{1,15}))?$/.exec(text) ?? [];
  if (name === undefined) throw badValue("it must look like nofile=1024:2048");
  const Soft = Number(softText);
  const Hard = hardText === undefined ? Soft : Number(hardText);
  if (Hard !== -1 && (Soft === -1 || Soft > Hard)) {
    throw badValue(`ulimit soft limit must be less than or equal to hard limit: ${Soft} > ${Hard}`);
  }
  return { Name: name, Soft, Hard };
}

/**
 * `no`, `always`, `unless-stopped` or `on-failure[:TIMES]`. Which words exist is the engine's to say.
 *
 * @throws CLI_VALUE
 */
export function readRestartPolicy(text: string): { Name: string; MaximumRetryCount: number } {
  const [Name = "", count] = text.split(/:(.*)/s);
  if (Name === "" && count !== undefined) throw badValue("no policy before the colon");
  if (count !== undefined && !/^-?\d{1,9}$/.test(count))
    throw badValue("the maximum retry count must be an integer");
  return { Name, MaximumRetryCount: Number(count ?? 0) };
}

/** A stream that can be attached to, in any case. @throws CLI_VALUE */
export function readStreamName(text: string): "stdin" | "stdout" | "stderr" {
  const name = text.toLowerCase();
  if (name === "stdin" || name === "stdout" || name === "stderr") return name;
  throw badValue("valid streams are STDIN, STDOUT and STDERR");
}
