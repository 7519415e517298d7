import { parseGroup, parsePasswd } from "../../host/index.ts";
import { engineError } from "../errors.ts";
import type { ResolvedUser } from "../spec/input.ts";

/** The two files of a container that names are looked up in; absent files are empty. */
export type UserFiles = { readonly passwd: string; readonly group: string };

const LARGEST_ID = 0xffff_ffff;

/**
 * The numbers for `USER[:GROUP]`, as the container's own files know them. A name must be there; a number need not be.
 * Without a group the user's own group counts, and every group that lists the user as a member.
 *
 * @param groupAdd further groups, names or numbers
 * @throws ENGINE_USER for a name that is not in the files
 */
export function resolveUser(text: string, groupAdd: readonly string[], files: UserFiles): ResolvedUser {
  const colon = text.indexOf(":");
  const userText = (colon < 0 ? text : text.slice(0, colon)) || "0";
  const groupText = colon < 0 ? "" : text.slice(colon + 1);
  const users = parsePasswd(files.passwd);
  const groups = parseGroup(files.group);
  const number = idNumber(userText);
  // A name of digits is a number: files with such names are a trap.
  const entry = users.find(({ name, uid }) => (number === undefined ? name === userText : uid === number));
  const uid = entry?.uid ?? number;
  if (uid === undefined) throw unknown("user", userText, "passwd");
  const groupId = (name: string): number => {
    const id = idNumber(name) ?? groups.find((group) => group.name === name)?.gid;
    if (id === undefined) throw unknown("group", name, "group");
    return id;
  };
  const gid = groupText === "" ? (entry?.gid ?? 0) : groupId(groupText);
  const memberOf =
    groupText === "" && entry ? groups.filter(({ members }) => members.includes(entry.name)) : [];
  const supplementary = [...memberOf.map((group) => group.gid), ...groupAdd.map(groupId)];
  return { uid, gid, groups: [...new Set(supplementary)] };
}

function idNumber(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= LARGEST_ID ? Number(text) : undefined;
}

function unknown(kind: string, name: string, file: string): Error {
  return engineError("USER", `unable to find ${kind} ${name}: no matching entries in ${file} file`, {
    hint: `use a number, or a ${kind} that the image's /etc/${file} has`,
  });
}
