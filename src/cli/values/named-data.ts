import type { dockerApi } from "../../specs/index.ts";
import { readCsv } from "./csv.ts";
import { readInteger } from "./numbers.ts";
import { badValue } from "./words.ts";

const readId = readInteger(0, 0xffff_fffe);

/**
 * A config as `--config` has it: `NAME[,target=FILE][,uid=0][,gid=0][,mode=0444]`.
 *
 * @throws CLI_VALUE
 */
export function readConfig(text: string): dockerApi.ConfigFile {
  return readFile(text, "config", readFileField);
}

/**
 * A secret as `--secret` has it: `NAME[,target=FILE][,uid=0][,gid=0][,mode=0444]`, or `NAME,type=env[,target=VARIABLE]`.
 * Source: https://docs.podman.io/en/v5.4.0/markdown/podman-run.1.html
 *
 * @throws CLI_VALUE
 */
export function readSecret(text: string): dockerApi.SecretFile {
  const { isVariable = false, ...file } = readFile(text, "secret", readSecretField);
  return isVariable ? asVariable(file) : file;
}

type FileFields = Partial<dockerApi.ConfigFile>;
type SecretFields = FileFields & { readonly isVariable?: boolean };

/** A name, and what its fields say. */
function readFile<F extends FileFields>(
  text: string,
  kind: string,
  readField: (key: string, value: string) => F,
): F & dockerApi.ConfigFile {
  const [first = "", ...fields] = readCsv(text);
  const name = first.replace(/^(?:source|src|id)=/, "");
  if (name === "" || name.includes("=")) throw badValue(`it must begin with the name of a ${kind}`);
  const read = fields.map((field) => {
    const [, key = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(field) ?? [];
    if (value === "") throw badValue(`option "${key}" needs a value`);
    return readField(key, value);
  });
  return Object.assign({ Source: name }, ...read);
}

function asVariable({ Source, Target = Source, ...others }: dockerApi.SecretFile): dockerApi.SecretFile {
  if (Object.keys(others).length > 0) throw badValue("a variable has neither uid, gid nor mode");
  return { Source, Env: Target };
}

function readSecretField(key: string, value: string): SecretFields {
  if (key !== "type") return readFileField(key, value);
  if (value === "mount" || value === "env") return { isVariable: value === "env" };
  throw badValue(`the type "${value}" is neither mount nor env`);
}

function readFileField(key: string, value: string): FileFields {
  switch (key) {
    case "target":
      return { Target: value };
    case "uid":
      return { UID: readId(value) };
    case "gid":
      return { GID: readId(value) };
    case "mode":
      if (!/^[0-7]{1,4}$/.test(value))
        throw badValue(`the mode "${value}" is not an octal number such as 0400`);
      return { Mode: Number.parseInt(value, 8) };
    default:
      throw badValue(`unknown option "${key}"`);
  }
}
