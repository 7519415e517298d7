import {
  type CredentialFile,
  entriesOf,
  formatEntry,
  helpersOf,
  readCredentialFile,
  withEntries,
  writeCredentialFile,
} from "./credential-file.ts";
import {
  eraseFromHelper,
  findHelpers,
  type HelperOptions,
  programOf,
  storeInHelper,
} from "./credential-helper.ts";
import type { Credentials } from "./credentials.ts";
import type { CredentialPlaces } from "./places.ts";
import { keyOfRegistry, nameOfKey } from "./registry-name.ts";

/** Where credentials are kept now: in a helper program, or in a file as good as in clear text. */
export type Kept = { readonly program: string } | { readonly file: string };

/** Helpers of Linux desktops, which are used where nothing else is configured. */
const usualHelpers = ["secretservice", "pass"];

/**
 * Keeps the credentials of a registry: in the helper that the first file names for it or for all; else in a helper that
 * this machine has, which the file names from then on; else in the file. With a helper no secret is left in the file.
 *
 * @throws CREDENTIALS_FILE, CREDENTIALS_HELPER
 */
export async function keepCredentials(
  { files: [path = ""] }: CredentialPlaces,
  { registry, credentials }: { registry: string; credentials: Credentials },
  options: HelperOptions = {},
): Promise<Kept> {
  const file = await readCredentialFile(path);
  const key = keyOfRegistry(registry);
  const others = entriesOf(file).filter(([each]) => nameOfKey(each) !== registry);
  const configured = helperFor(file, registry);
  const helpers = configured === undefined ? await findHelpers(usualHelpers, options.env) : [configured];
  if (helpers.length === 0) {
    await writeCredentialFile(withEntries(file, [...others, [key, formatEntry(credentials)]]));
    return { file: path };
  }
  const helper = await storeInFirst(helpers, { server: key, credentials }, options);
  // The empty entry tells other tools that there is something.
  const changed = withEntries(file, [...others, [key, {}]]);
  const members = configured === undefined ? { ...changed.members, credsStore: helper } : changed.members;
  await writeCredentialFile({ ...changed, members });
  return { program: programOf(helper) };
}

/**
 * Forgets the credentials of a registry in the first file and its helper.
 *
 * @returns whether there were any, and the other files that still have some
 * @throws CREDENTIALS_FILE, CREDENTIALS_HELPER
 */
export async function forgetCredentials(
  { files }: CredentialPlaces,
  registry: string,
  options: HelperOptions = {},
): Promise<{ readonly wasThere: boolean; readonly left: readonly string[] }> {
  const [path = "", ...others] = files;
  const file = await readCredentialFile(path);
  const helper = helperFor(file, registry);
  if (helper !== undefined) await eraseFromHelper(helper, keyOfRegistry(registry), options);
  const entries = entriesOf(file);
  const kept = entries.filter(([key]) => nameOfKey(key) !== registry);
  if (kept.length < entries.length) await writeCredentialFile(withEntries(file, kept));
  const left: string[] = [];
  for (const other of others) {
    const found = entriesOf(await readCredentialFile(other)).some(([key]) => nameOfKey(key) === registry);
    if (found) left.push(other);
  }
  return { wasThere: helper !== undefined || kept.length < entries.length, left };
}

/** The first helper that takes the credentials. @throws the failure of the first, where none does */
async function storeInFirst(
  helpers: readonly string[],
  request: { server: string; credentials: Credentials },
  options: HelperOptions,
): Promise<string> {
  const failures: unknown[] = [];
  for (const helper of helpers) {
    try {
      await storeInHelper(helper, request, options);
      return helper;
    } catch (error) {
      failures.push(error);
    }
  }
  throw failures[0];
}

function helperFor(file: CredentialFile, registry: string): string | undefined {
  const { byRegistry, forAll } = helpersOf(file);
  const own = Object.entries(byRegistry).find(([key]) => nameOfKey(key) === registry)?.[1];
  return typeof own === "string" && own !== "" ? own : forAll;
}
