import { lstatSync } from "node:fs";
import { errnoOf, messageOf, readSmallBytes } from "../../base/index.ts";
import { type Policy, parsePolicy, unusable } from "./policy.ts";

/** Where a policy is. */
export type PolicyFiles =
  /** The first of these that is there; without any of them everything is accepted. */
  | { readonly firstOf: readonly string[] }
  /** This one, which has to be there. */
  | { readonly file: string };

/** Where people have a policy already. */
export const usualPolicyFiles: PolicyFiles = {
  firstOf: ["/etc/tug/policy.json", "/etc/containers/policy.json"],
};

/** No honest policy is larger, in bytes. */
const maxPolicy = 1024 * 1024;

/**
 * The policy that is in force now; undefined where there is none. A link that leads nowhere is one that cannot be read:
 * somebody wanted a policy.
 * @throws IMAGE_POLICY
 */
export async function readPolicy(files: PolicyFiles): Promise<Policy | undefined> {
  const file = "file" in files ? files.file : files.firstOf.find(isThere);
  if (file === undefined) return undefined;
  const data = await readNamedFile(file, maxPolicy, file);
  if (data === undefined) throw unusable(file, "it is not there");
  return parsePolicy(Buffer.from(data).toString(), file);
}

/** Every run asks; to open what is not there would take it longer than to look. */
function isThere(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (errnoOf(error) === "ENOTDIR") return false;
    throw unusable(file, `it cannot be read: ${messageOf(error)}`);
  }
}

/**
 * A small file, or undefined where there is none.
 * @param place what names it, for errors
 * @throws IMAGE_POLICY
 */
export async function readNamedFile(
  file: string,
  limit: number,
  place: string,
): Promise<Uint8Array | undefined> {
  try {
    return await readSmallBytes(file, limit);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return undefined;
    throw unusable(place, `${file} cannot be read: ${messageOf(error)}`);
  }
}
