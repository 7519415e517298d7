import type { ExecutionConfig } from "../../specs/oci-image/index.ts";
import { engineError } from "../errors.ts";

type Change = (config: ExecutionConfig, argument: string) => ExecutionConfig;

/** What each instruction of a Dockerfile does to a configuration that is not built. */
const changes: Readonly<Record<string, Change>> = {
  CMD: (config, argument) => ({ ...config, Cmd: commandOf(argument) }),
  ENTRYPOINT: (config, argument) => ({ ...config, Entrypoint: commandOf(argument) }),
  ENV: (config, argument) => ({ ...config, Env: withVariables(config.Env ?? [], argument) }),
  EXPOSE: (config, argument) => ({ ...config, ExposedPorts: withPorts(config.ExposedPorts ?? {}, argument) }),
  LABEL: (config, argument) => ({
    ...config,
    Labels: { ...config.Labels, ...Object.fromEntries(pairsOf(argument)) },
  }),
  ONBUILD: (config, argument) => ({ ...config, OnBuild: [...(config.OnBuild ?? []), argument] }),
  STOPSIGNAL: (config, argument) => ({ ...config, StopSignal: argument }),
  USER: (config, argument) => ({ ...config, User: argument }),
  VOLUME: (config, argument) => ({
    ...config,
    Volumes: { ...config.Volumes, ...Object.fromEntries(listOf(argument).map((path) => [path, {}])) },
  }),
  WORKDIR: (config, argument) => ({ ...config, WorkingDir: argument }),
};

/**
 * A configuration with instructions as they stand in a Dockerfile, such as `CMD ["sh"]`.
 * Source: https://docs.docker.com/reference/cli/docker/image/import/#change
 * @throws ENGINE_REQUEST for an instruction that is none of these, or malformed
 */
export function applyChanges(instructions: readonly string[], base: ExecutionConfig = {}): ExecutionConfig {
  return instructions.reduce((config, instruction) => {
    const [, name = "", argument = ""] = /^\s*(\w+)\s+(.*?)\s*$/s.exec(instruction) ?? [];
    const change = Object.hasOwn(changes, name.toUpperCase()) ? changes[name.toUpperCase()] : undefined;
    if (change !== undefined && argument !== "") return change(config, argument);
    throw engineError(
      "REQUEST",
      `cannot apply the change ${JSON.stringify(instruction)}: it is not understood`,
      {
        hint: `use one of ${Object.keys(changes).join(", ")}, with a value`,
      },
    );
  }, base);
}

/** A list in JSON, or a line for the shell. */
function commandOf(argument: string): string[] {
  return jsonList(argument) ?? ["/bin/sh", "-c", argument];
}

/** A list in JSON, or words. */
function listOf(argument: string): string[] {
  return jsonList(argument) ?? argument.split(/\s+/);
}

function jsonList(argument: string): string[] | undefined {
  if (!argument.startsWith("[")) return undefined;
  try {
    const value: unknown = JSON.parse(argument);
    const isList = Array.isArray(value) && value.every((each) => typeof each === "string");
    return isList ? value : undefined;
  } catch {
    return undefined;
  }
}

function withVariables(before: readonly string[], argument: string): string[] {
  const added = pairsOf(argument);
  const names = new Set(added.map(([name]) => name));
  const kept = before.filter((variable) => !names.has(variable.split("=")[0] ?? ""));
  return [...kept, ...added.map(([name, value]) => `${name}=${value}`)];
}

function withPorts(before: Readonly<Record<string, object>>, argument: string): Record<string, object> {
  const added = argument.split(/\s+/).map((port) => [port.includes("/") ? port : `${port}/tcp`, {}]);
  return { ...before, ...Object.fromEntries(added) };
}

/** `a=1 b="two words"`, or one pair as `a two words`. */
function pairsOf(argument: string): [name: string, value: string][] {
  const [, first = "", rest = ""] = /^([^\s=]+)\s+(.*)$/s.exec(argument) ?? [];
  if (first !== "" && !/^\S+=/.test(argument)) return [[first, unquoted(rest)]];
  const words = argument.match(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/gs) ?? [];
  return words.map((word): [string, string] => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
    if (name !== undefined && value !== undefined) return [unquoted(name), unquoted(value)];
    throw engineError(
      "REQUEST",
      `cannot apply a change: ${JSON.stringify(word)} does not look like NAME=VALUE`,
    );
  });
}

function unquoted(text: string): string {
  return text.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/gs, (_, double, single, escaped) =>
    double === undefined ? (single ?? escaped) : double.replace(/\\(["\\$])/g, "$1"),
  );
}
