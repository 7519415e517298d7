import { readCredentialFile, writeCredentialFile } from "./credential-file.ts";

/** A member of Docker's config.json that has nothing to do with credentials; undefined where it is not there. @throws CREDENTIALS_FILE */
export async function readConfigMember(path: string, name: string): Promise<unknown> {
  return (await readCredentialFile(path)).members[name];
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
