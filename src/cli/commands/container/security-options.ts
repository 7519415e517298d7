import type { dockerApi } from "../../../specs/index.ts";
import { cliError } from "../../errors.ts";

/**
 * The security options as the engine reads them: profiles are sent, not their names, and `systempaths=unconfined` becomes
 * empty lists of masked and read-only paths.
 *
 * @throws CLI_VALUE, CLI_FILE
 */
export async function buildSecurityOptions(
  options: readonly string[],
  readProfile: (name: string) => Promise<Buffer>,
): Promise<Pick<dockerApi.HostConfig, "SecurityOpt" | "MaskedPaths" | "ReadonlyPaths">> {
  const unconfined = options.includes("systempaths=unconfined");
  const rest = options.filter((option) => option !== "systempaths=unconfined");
  return {
    SecurityOpt: await Promise.all(rest.map((option) => completeProfile(option, readProfile))),
    ...(unconfined ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
  };
}

async function completeProfile(
  option: string,
  readProfile: (name: string) => Promise<Buffer>,
): Promise<string> {
  const [, name = option, value] = /^([^=:]+)[=:](.*)$/s.exec(option) ?? [];
  if (name === "no-new-privileges") return option;
  if (!value) throw cliError("VALUE", `invalid --security-opt "${option}": it must look like NAME=VALUE`);
  if (name !== "seccomp" || value === "unconfined" || value === "builtin") return option;
  try {
    return `seccomp=${JSON.stringify(JSON.parse((await readProfile(value)).toString()))}`;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw cliError("FILE", `cannot read the seccomp profile ${value}: it is not valid JSON`, { cause });
  }
}
