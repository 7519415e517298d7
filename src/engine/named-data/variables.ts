import { isUtf8 } from "node:buffer";
import { engineError } from "../errors.ts";
import type { SecretVariable } from "../model/create-request.ts";
import type { NamedData } from "./store.ts";

/** The longest text that a program gets as a variable, with its name and a NUL, in bytes: execve(2), MAX_ARG_STRLEN. */
const LONGEST = 128 * 1024;

/**
 * A variable with what a secret holds: `NAME=value`. A line break at its end stays.
 *
 * @throws ENGINE_SECRET_NOT_FOUND; ENGINE_SECRET_VARIABLE for what no variable can hold
 */
export function readSecretVariable(
  secrets: Pick<NamedData, "read">,
  { variable, secret }: SecretVariable,
): string {
  const data = secrets.read(secret);
  const refuse = (reason: string): Error =>
    engineError("SECRET_VARIABLE", `cannot give secret ${secret} as the variable ${variable}: ${reason}`, {
      hint: "give it as a file: leave out type=env",
    });
  if (data.includes(0)) throw refuse("it holds a NUL byte");
  if (!isUtf8(data)) throw refuse("it is not text in UTF-8");
  const entry = `${variable}=${Buffer.from(data).toString("utf8")}`;
  if (Buffer.byteLength(entry) >= LONGEST) throw refuse(`it is longer than ${LONGEST} bytes`);
  return entry;
}
