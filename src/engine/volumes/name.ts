import { randomBytes } from "node:crypto";
import { engineError } from "../errors.ts";

/** A name for a volume that was given none. */
export function newVolumeName(): string {
  return randomBytes(32).toString("hex");
}

/** The rule is Docker's. @throws ENGINE_MOUNT */
export function checkVolumeName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) && name.length <= 255) return;
  throw engineError(
    "MOUNT",
    `cannot use volume name ${JSON.stringify(name)}: only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    {
      hint: "a path on the host must begin with a slash",
    },
  );
}
