import { dockerApiError } from "./errors.ts";

/** The keys that end an attachment and leave the container running, unless others are asked for. */
export const DEFAULT_DETACH_KEYS = "ctrl-p,ctrl-q";

const controls: Readonly<Record<string, number>> = { "@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, _: 31 };

/**
 * The bytes of a key sequence: single characters or `ctrl-X`, separated by commas. Source:
 * https://docs.docker.com/reference/cli/docker/container/attach/#detach-keys
 *
 * @throws DOCKER_API_VALUE
 */
export function parseDetachKeys(keys: string): Uint8Array {
  return Uint8Array.from(keys.split(","), (key) => {
    if (key.length === 1) return key.charCodeAt(0) & 0x7f;
    const control = /^ctrl-(.)$/.exec(key)?.[1];
    if (control !== undefined && /[a-z]/.test(control)) return control.charCodeAt(0) - 96;
    const code = control === undefined ? undefined : controls[control];
    if (code !== undefined) return code;
    throw dockerApiError(
      "VALUE",
      `invalid detach keys "${keys}": "${key}" is neither a character nor ctrl-X`,
    );
  });
}

/** What a piece of input becomes: the bytes to pass on, and whether the sequence is complete. */
export type Detached = { readonly pass: Uint8Array; readonly detached: boolean };

/**
 * Watches input for a key sequence. Bytes that may be its beginning are held back until the next key shows whether they
 * are; bytes after a complete sequence are dropped.
 */
export function createDetachDetector(keys: Uint8Array): (input: Uint8Array) => Detached {
  let matched = 0;
  return (input) => {
    const pass: number[] = [];
    for (const byte of input) {
      if (byte === keys[matched]) {
        matched += 1;
        if (matched === keys.length) return { pass: Uint8Array.from(pass), detached: true };
        continue;
      }
      pass.push(...keys.subarray(0, matched));
      matched = byte === keys[0] ? 1 : 0;
      if (matched === 0) pass.push(byte);
    }
    return { pass: Uint8Array.from(pass), detached: false };
  };
}
