/**
 * A JSON pointer to a place in a document, such as `/mounts/3/options/0`.
 * Source: https://www.rfc-editor.org/rfc/rfc6901#section-3
 */
export function jsonPointer(path: readonly (string | number)[]): string {
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
