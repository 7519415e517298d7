/** A line of passwd(5). */
export type PasswdEntry = {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
};

/** A line of group(5). */
export type GroupEntry = { readonly name: string; readonly gid: number; readonly members: readonly string[] };

/** Reads a passwd file; lines that are not of its form are left out. */
export function parsePasswd(text: string): PasswdEntry[] {
  return linesOf(text).flatMap((line) => {
    const [name, , uid, gid, , home = ""] = line.split(":");
    if (!name || !isId(uid) || !isId(gid)) return [];
    return [{ name, uid: Number(uid), gid: Number(gid), home }];
  });
}

/** Reads a group file; lines that are not of its form are left out. */
export function parseGroup(text: string): GroupEntry[] {
  return linesOf(text).flatMap((line) => {
    const [name, , gid, members = ""] = line.split(":");
    if (!name || !isId(gid)) return [];
    return [{ name, gid: Number(gid), members: members.split(",").filter((member) => member !== "") }];
  });
}

/** Images made on other systems may have carriage returns, which would end up in homes and names of members. */
function linesOf(text: string): string[] {
  return text.split(/\r?\n/);
}

/** 4294967295 is "no id" to the kernel. */
function isId(text: string | undefined): boolean {
  return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) < 0xffffffff;
}
