import { existsSync } from "node:fs";
import { access, constants } from "node:fs/promises";
import { errnoOf } from "../base/index.ts";
import { readCredentialFile, writeCredentialFile } from "./credential-file.ts";

/**
 * A member of Docker's config.json that has nothing to do with credentials; undefined where it is not there, or the file is
 * not for the caller to read: who runs a command as somebody else often leaves HOME as it was.
 *
 * @throws CREDENTIALS_FILE
 */
export async function readConfigMember(path: string, name: string): Promise<unknown> {
  // Every command asks, and most machines have none: so it costs a third of what a read that fails does.
  if (!existsSync(path)) return undefined;
  try {
    return (await readCredentialFile(path)).members[name];
  } catch (error) {
    if (await isClosed(path)) return undefined;
    throw error;
  }
}

/** Changes such a member, or takes it away where the value is undefined; all others stay. @throws CREDENTIALS_FILE */
export async function writeConfigMember(
  path: string,
  { name, value }: { readonly name: string; readonly value: unknown },
): Promise<void> {
  const { place, members } = await readCredentialFile(path);
  const { [name]: before, ...rest } = members;
  if (before === value) return;
  await writeCredentialFile({ place, members: value === undefined ? rest : { ...rest, [name]: value } });
}

function isClosed(path: string): Promise<boolean> {
  const isDenied = (error: unknown) => errnoOf(error) === "EACCES" || errnoOf(error) === "EPERM";
  return access(path, constants.R_OK).then(() => false, isDenied);
}
