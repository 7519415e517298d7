import { readFile } from "node:fs/promises";
import { parseGroup, parsePasswd } from "../host/index.ts";
import { serverError } from "./errors.ts";

/** Numbers of a user and a group. */
export type Owner = { readonly uid: number; readonly gid: number };

/**
 * Whose a socket is to be: `USER[:GROUP]`, names of this machine or numbers. Without a group it is the user's own; a number
 * that is nobody's has the group of that number.
 *
 * @throws SERVER_SOCKET_OWNER
 */
export async function findOwner(text: string): Promise<Owner> {
  const [, user = "", group] = /^([^:]+)(?::([^:]+))?$/.exec(text) ?? [];
  const users = parsePasswd(await readFile("/etc/passwd", "utf8"));
  const groups = parseGroup(await readFile("/etc/group", "utf8"));
  const known = users.find(({ name, uid }) => name === user || String(uid) === user);
  const uid = known?.uid ?? numberOf(user);
  const gid =
    group === undefined
      ? (known?.gid ?? uid)
      : (groups.find(({ name }) => name === group)?.gid ?? numberOf(group));
  if (uid !== undefined && gid !== undefined) return { uid, gid };
  throw serverError(
    "SOCKET_OWNER",
    `cannot give a socket to ${JSON.stringify(text.slice(0, 100))}: there is no such user or group`,
    {
      hint: "name a user of this machine, USER:GROUP, or numbers",
    },
  );
}

function numberOf(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) < 0xffff_ffff ? Number(text) : undefined;
}
