import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { cliError } from "../../errors.ts";

const BLOCK = 512;
const MAX_SIZE = 0o77777777777;

/**
 * The directory of an OCI image layout, or of an unpacked archive of Docker, as a tar archive: what belongs to it, in the
 * order of the names. Such files have short names, and are nothing but regular files in directories.
 * Source: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, "ustar Interchange Format"
 *
 * @throws CLI_FILE for another directory, and for what such an archive cannot hold
 */
export async function archiveLayout(root: string): Promise<AsyncIterable<Uint8Array>> {
  const top = await readdir(root);
  if (!top.includes("oci-layout") && !top.includes("manifest.json")) {
    throw cliError("FILE", `cannot load ${root}: it is no OCI image layout: it has no oci-layout`, {
      hint: "give an archive, or a directory such as skopeo makes as oci:DIRECTORY",
    });
  }
  const belongs = (name: string) => ["oci-layout", "index.json"].includes(name) || /^blobs(\/|$)/.test(name);
  const names = await readdir(root, { recursive: true });
  return writeFiles(root, names.filter((name) => !top.includes("oci-layout") || belongs(name)).toSorted());
}

async function* writeFiles(root: string, names: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const name of names) {
    const path = join(root, name);
    const found = await stat(path);
    if (found.isDirectory()) continue;
    if (!found.isFile()) throw cliError("FILE", `cannot read ${path}: it is no regular file`);
    yield encodeHeader(name, found.size);
    yield* readExactly(path, found.size);
    yield new Uint8Array((BLOCK - (found.size % BLOCK)) % BLOCK);
  }
  yield new Uint8Array(2 * BLOCK);
}

async function* readExactly(path: string, size: number): AsyncGenerator<Uint8Array> {
  await using file = await open(path, "r");
  let left = size;
  while (left > 0) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(left, 256 * 1024)));
    if (bytesRead === 0) throw cliError("FILE", `cannot read ${path}: it became shorter while it was read`);
    left -= bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function encodeHeader(name: string, size: number): Uint8Array {
  if (Buffer.byteLength(name) > 100 || size > MAX_SIZE) {
    throw cliError("FILE", `cannot archive ${name}: its name or size is too long for a layout`);
  }
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        0", 148);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}
