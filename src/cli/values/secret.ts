import type { dockerApi } from "../../specs/index.ts";
import { readCsv } from "./csv.ts";
import { readInteger } from "./numbers.ts";
import { badValue } from "./words.ts";

const readId = readInteger(0, 0xffff_fffe);

/**
 * A secret as `--secret` has it: `NAME[,target=FILE][,uid=0][,gid=0][,mode=0444]`, or `NAME,type=env[,target=VARIABLE]`.
 * Source: https://docs.podman.io/en/v5.4.0/markdown/podman-run.1.html
 *
 * @throws CLI_VALUE
 */
export function readSecret(text: string): dockerApi.SecretFile {
  const [first = "", ...fields] = readCsv(text);
  const name = first.replace(/^(?:source|src|id)=/, "");
  if (name === "" || name.includes("=")) throw badValue("it must begin with the name of a secret");
  let secret: Fields & dockerApi.SecretFile = { Source: name };
  for (const field of fields) secret = { ...secret, ...readField(field) };
  const { isVariable = false, ...file } = secret;
  return isVariable ? asVariable(file) : file;
}

type Fields = Partial<dockerApi.SecretFile> & { readonly isVariable?: boolean };

function asVariable({ Source, Target = Source, ...others }: dockerApi.SecretFile): dockerApi.SecretFile {
  if (Object.keys(others).length > 0) throw badValue("a variable has neither uid, gid nor mode");
  return { Source, Env: Target };
}

function readField(field: string): Fields {
  const [, key = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(field) ?? [];
  if (value === "") throw badValue(`option "${key}" needs a value`);
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
    case "type":
      if (value === "mount" || value === "env") return { isVariable: value === "env" };
      throw badValue(`the type "${value}" is neither mount nor env`);
    default:
      throw badValue(`unknown option "${key}"`);
  }
}
