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
  // Every command asks, and most machines have none. A home may be on a disk that hangs: nobody waits but who asks.
  if (!(await isThere(path))) return undefined;
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

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function isClosed(path: string): Promise<boolean> {
  const isDenied = (error: unknown) => errnoOf(error) === "EACCES" || errnoOf(error) === "EPERM";
  return access(path, constants.R_OK).then(() => false, isDenied);
}
