import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { reasonOf } from "../../../base/index.ts";
import { dockerApi } from "../../../specs/index.ts";
import type { ValuesOf } from "../../arguments/option.ts";
import type { CliContext } from "../../context.ts";
import { cliError } from "../../errors.ts";
import { completeVariable, parseKeyValueFile, toMap } from "../../values/key-values.ts";
import type { createOptions } from "./create-options.ts";
import { buildHealthcheck } from "./healthcheck.ts";
import { buildHostConfig } from "./host-config.ts";
import { networkingConfig } from "./networking.ts";

/** The values of the options of `create` and `run`. */
export type CreateValues = ValuesOf<typeof createOptions>;

export type CreateInput = {
  readonly values: CreateValues;
  readonly given: (option: keyof CreateValues) => boolean;
  /** The image, and the command after it. */
  readonly args: readonly string[];
  readonly context: CliContext;
};

/**
 * The create body for a command line. Reads the files that options name.
 *
 * @throws CLI_FILE, CLI_CONFLICT
 */
export async function buildCreateBody(input: CreateInput): Promise<dockerApi.CreateBody> {
  const { values, given, args, context } = input;
  const [image = "", ...command] = args;
  const attachAll = values.attach.length === 0;
  const attachStdin = values.interactive || values.attach.includes("stdin");
  return {
    Image: image,
    Cmd: command.length > 0 ? command : undefined,
    Entrypoint: given("entrypoint") ? [values.entrypoint ?? ""] : undefined,
    Hostname: values.hostname,
    Domainname: values.domainname,
    User: values.user,
    WorkingDir: values.workdir,
    Tty: values.tty,
    OpenStdin: values.interactive,
    StdinOnce: values.interactive && attachStdin,
    AttachStdin: attachStdin,
    AttachStdout: attachAll || values.attach.includes("stdout"),
    AttachStderr: attachAll || values.attach.includes("stderr"),
    Env: await readVariables(values, context),
    Labels: toMap([
      ...(await readFiles(values["label-file"], context, undefined)),
      ...values.label,
      ...(values.parent === undefined ? [] : [`${dockerApi.PARENT_LABEL}=${values.parent}`]),
    ]),
    ExposedPorts: Object.fromEntries(
      [...values.expose.map(withProtocol), ...values.publish.flat().map(([port]) => port)].map((port) => [
        port,
        {},
      ]),
    ),
    Volumes: Object.fromEntries(
      values.volume.filter((spec) => !spec.includes(":")).map((target) => [target, {}]),
    ),
    StopSignal: values["stop-signal"],
    StopTimeout: values["stop-timeout"],
    Healthcheck: buildHealthcheck(values),
    HostConfig: await buildHostConfig(input),
    NetworkingConfig: networkingConfig(values),
  };
}

/** Bytes of a file that an option names. @throws CLI_FILE */
export async function readOptionFile(option: string, name: string, context: CliContext): Promise<Buffer> {
  try {
    return await readFile(resolve(context.cwd, name));
  } catch (cause) {
    throw cliError("FILE", `cannot read ${name} (${option}): ${reasonOf(cause)}`, { cause });
  }
}

/** The variables that `--env` and `--env-file` name, with the caller's values where they name none. @throws CLI_FILE */
export async function readVariables(
  values: Pick<CreateValues, "env" | "env-file">,
  context: CliContext,
): Promise<string[]> {
  const lookup = (name: string) => context.env[name];
  const fromFiles = await readFiles(values["env-file"], context, lookup);
  return [...fromFiles, ...values.env.map((variable) => completeVariable(variable, lookup))];
}

async function readFiles(
  names: readonly string[],
  context: CliContext,
  lookup: ((name: string) => string | undefined) | undefined,
): Promise<string[]> {
  const option = lookup === undefined ? "--label-file" : "--env-file";
  const lists = names.map(async (name) =>
    parseKeyValueFile(`${option} ${name}`, await readOptionFile(option, name, context), lookup),
  );
  return (await Promise.all(lists)).flat();
}

function withProtocol(port: string): string {
  return port.includes("/") ? port : `${port}/tcp`;
}
