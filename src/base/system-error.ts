import { getSystemErrorMap } from "node:util";
import { errnoOf, messageOf } from "./error.ts";

/** The words for a failed system call, such as "no such file or directory"; the message of any other error. */
export function reasonOf(error: unknown): string {
  const name = errnoOf(error);
  for (const [known, words] of name === undefined ? [] : getSystemErrorMap().values()) {
    if (known === name) return words;
  }
  return messageOf(error);
}
