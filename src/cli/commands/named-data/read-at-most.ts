import { cliError } from "../../errors.ts";

/** All of an input that is not long. @throws CLI_FILE above `limit` bytes */
export async function readAtMost(
  input: AsyncIterable<Uint8Array>,
  { what, limit }: { readonly what: string; readonly limit: number },
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of input) {
    size += piece.length;
    if (size > limit) throw cliError("FILE", `cannot read the ${what}: it has more than ${limit} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
