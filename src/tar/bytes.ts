/**
 * Bytes as a text with one character for each byte (latin1). Names of files are bytes, not text: in this form any name
 * survives, can be a key of a map, and ASCII reads as itself.
 */
export type ByteString = string;

/** The bytes of a part of a buffer as a byte string. */
export function byteString(bytes: Uint8Array): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** A text, such as a constant or a name from a JSON document, as the byte string of its UTF-8 form. */
export function byteStringOf(text: string): ByteString {
  return Buffer.from(text).toString("latin1");
}

/** A byte string for people: as UTF-8, in double quotes, control characters escaped, cut when long. */
export function quoteBytes(name: ByteString): string {
  const text = Buffer.from(name, "latin1").toString();
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);
}
