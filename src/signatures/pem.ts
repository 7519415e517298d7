/** One block of a PEM file. */
export type PemBlock = { readonly label: string; readonly bytes: Uint8Array };

/** The longest file with a key that is read, in bytes. */
export const maxKeyFile = 64 * 1024;

/**
 * The only block of a PEM file; undefined for a text that is not that. Text before and after the block is left out.
 * Source: https://www.rfc-editor.org/rfc/rfc7468#section-3
 */
export function parsePem(text: string): PemBlock | undefined {
  if (text.length > maxKeyFile || (text.match(/-----BEGIN /g) ?? []).length !== 1) return undefined;
  const [, label = "", body = ""] =
    /(?:^|\n)-----BEGIN ([A-Z0-9 ]+)-----[ \t]*\r?\n([A-Za-z0-9+/=\s]*?)\r?\n?-----END \1-----/.exec(text) ??
    [];
  const bytes = decodeBase64(body.replace(/\s/g, ""));
  return bytes === undefined || bytes.length === 0 ? undefined : { label, bytes };
}

/** A PEM file of one block, with lines of 64 characters. */
export function formatPem({ label, bytes }: PemBlock): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** Bytes of base64 in its one canonical form; undefined for anything else. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? new Uint8Array(bytes) : undefined;
}
