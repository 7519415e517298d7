import { unreadable } from "./errors.ts";

/** A block of text that stands for bytes; headers come before an empty line. */
const block =
  /-----BEGIN PGP PUBLIC KEY BLOCK-----[ \t]*\r?\n(?:[A-Za-z]+: .*\r?\n)*[ \t]*\r?\n([A-Za-z0-9+/=\s]*?)-----END PGP PUBLIC KEY BLOCK-----/g;

/** The checksum at the end of a block: it is there against accidents, and need not be. */
const checksum = /\n=[A-Za-z0-9+/]{4}\s*$/;

/**
 * The bytes of a file with public keys, which may be text: one block, or several behind each other, with anything
 * between them. Text in other blocks, such as of private keys, is none.
 * Source: https://www.rfc-editor.org/rfc/rfc9580#section-6
 * @throws OPENPGP_FORMAT for text without a block
 */
export function unarmored(file: Uint8Array): Uint8Array {
  if (((file[0] ?? 0) & 0x80) !== 0) return file;
  const text = Buffer.from(file).toString("latin1");
  const blocks = [...text.matchAll(block)].map(([, body = ""]) =>
    Buffer.from(`\n${body}`.replace(checksum, ""), "base64"),
  );
  if (blocks.length > 0) return Buffer.concat(blocks);
  const [, other] = /-----BEGIN (PGP [A-Z ]+)-----/.exec(text) ?? [];
  throw unreadable(other === undefined ? "it holds no OpenPGP keys" : `it holds a ${other}, no public keys`);
}
