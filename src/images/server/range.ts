/** Bytes from the first to the last, both included. */
export type ByteRange = { readonly first: number; readonly last: number };

/**
 * The part of a blob that a Range header asks for: undefined for all of it, which is also the answer to several ranges
 * and to units other than bytes; "none" where no byte of the blob is in it.
 * Source: https://www.rfc-editor.org/rfc/rfc9110#section-14.1.2
 */
export function readRange(header: string | undefined, size: number): ByteRange | "none" | undefined {
  const [, from = "", to = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "") ?? [];
  if (from === "" && to === "") return undefined;
  if (from === "") {
    const count = Math.min(Number(to), size);
    return count === 0 ? "none" : { first: size - count, last: size - 1 };
  }
  const first = Number(from);
  const last = Math.min(to === "" ? size - 1 : Number(to), size - 1);
  return first > last ? "none" : { first, last };
}

/**
 * Where a piece of an upload belongs, by its Content-Range header; "malformed" where that cannot be read.
 * Source: distribution-spec v1.1.1, "Pushing a blob in chunks", whose form has no unit
 */
export function readContentRange(header: string | undefined): ByteRange | "malformed" | undefined {
  if (header === undefined) return undefined;
  const [, from, to] = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header.trim()) ?? [];
  if (from === undefined || to === undefined || Number(from) > Number(to)) return "malformed";
  return { first: Number(from), last: Number(to) };
}
