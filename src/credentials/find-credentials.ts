import {
  type CredentialFile,
  entriesOf,
  helpersOf,
  parseCredentialFile,
  parseEntry,
  readCredentialFile,
} from "./credential-file.ts";
import { getFromHelper, type HelperOptions } from "./credential-helper.ts";
import type { CredentialSource, Credentials } from "./credentials.ts";
import type { CredentialPlaces } from "./places.ts";
import { keyOfRegistry, nameOfKey, widerNames } from "./registry-name.ts";

/**
 * Credentials from the files that `docker login` and `podman login` write, and from the helper programs that they name:
 * `credHelpers` for one registry, `credsStore` for all, `auths` otherwise, the entry for a repository before that for
 * its registry. The files are read at every call; the first that has something counts.
 *
 * @throws CREDENTIALS_FILE for a file that cannot be read or has wrong types, CREDENTIALS_HELPER for one that fails
 */
export function findCredentials(places: CredentialPlaces, options: HelperOptions = {}): CredentialSource {
  return async (name, signal) => {
    for await (const file of filesOf(places)) {
      const found = await findIn(file, name, { ...options, signal: signal ?? options.signal });
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

async function* filesOf({ files, inline }: CredentialPlaces): AsyncGenerator<CredentialFile> {
  if (inline !== undefined) yield parseCredentialFile(inline, "DOCKER_AUTH_CONFIG");
  for (const file of files) yield await readCredentialFile(file);
}

async function findIn(
  file: CredentialFile,
  name: string,
  options: HelperOptions,
): Promise<Credentials | undefined> {
  const [registry = ""] = name.split("/");
  const { byRegistry, forAll } = helpersOf(file);
  const own = Object.entries(byRegistry).find(([key]) => nameOfKey(key) === registry)?.[1];
  const helper = own ?? forAll;
  if (typeof helper === "string" && helper !== "") {
    const found = await getFromHelper(helper, keyOfRegistry(registry), options);
    if (found !== undefined || own !== undefined) return found;
  }
  const entries = entriesOf(file);
  for (const wider of widerNames(name)) {
    // An old spelling may stand beside the usual one, which then counts.
    const exact = entries.find(([key]) => key === keyOfRegistry(wider));
    const entry = exact ?? entries.find(([key]) => nameOfKey(key) === wider);
    const found = entry && parseEntry(entry, file.place);
    if (found !== undefined) return found;
  }
  return undefined;
}
