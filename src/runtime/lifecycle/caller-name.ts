import { userInfo } from "node:os";

/** Who runs this: the number, and the name that the machine has for it, or the number again where it has none. */
export function callerName(): { readonly uid: number; readonly name: string } {
  const uid = process.geteuid?.() ?? 0;
  try {
    return { uid, name: userInfo().username };
  } catch {
    return { uid, name: String(uid) };
  }
}
