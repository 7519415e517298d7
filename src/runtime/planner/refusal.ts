import { lifecycleError } from "../errors.ts";

type Refusal = { readonly reason: string; readonly hint: string };

/** The error for what a caller may not do without privileges: \`cannot WHAT (config.json#POINTER): REASON\`. */
export function refuseUnprivileged(pointer: string, what: string, { reason, hint }: Refusal): Error {
  return lifecycleError("UNPRIVILEGED", `cannot ${what} (config.json#${pointer}): ${reason}`, {
    hint,
    details: { pointer },
  });
}
