import { randomBytes } from "node:crypto";
import { link, mkdir, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf, messageOf, readSmallBytes, syncDirectory } from "../../base/index.ts";
import { type ImageSignature, maxPayload, maxSignatures } from "../../signatures/index.ts";
import { imageError } from "../errors.ts";
import { isSame } from "./same-signature.ts";
import { formatSignatureFile, readSignatureFile } from "./signature-file-format.ts";

/** The longest file that is read, in bytes: in one of cosign's form, what was signed is in base64. */
export const maxSignatureFile = 2 * maxPayload;

/**
 * Reads signatures that are numbered from 1, up to the first number that is not there.
 * @param readOne gives undefined for one that is not there
 * @param place for errors
 * @throws IMAGE_CONFIGURATION for more than anybody has
 */
export async function readNumbered(
  readOne: (number: number) => Promise<Uint8Array | undefined>,
  place: string,
): Promise<ImageSignature[]> {
  const signatures: ImageSignature[] = [];
  for (;;) {
    const data = await readOne(signatures.length + 1);
    if (data === undefined) return signatures;
    if (signatures.length === maxSignatures) {
      throw unusable(place, `there are more than ${maxSignatures} signatures`);
    }
    signatures.push(readSignatureFile(data));
  }
}

/**
 * The signatures in files, whose names are the same but for the number at their end.
 * @param prefix path of the files without that number
 * @throws IMAGE_LOOKASIDE, IMAGE_CONFIGURATION
 */
export function readSignatureFiles(prefix: string): Promise<ImageSignature[]> {
  return readNumbered(async (number) => {
    const file = `${prefix}${number}`;
    try {
      return await readSmallBytes(file, maxSignatureFile);
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return undefined;
      throw imageError("LOOKASIDE", `cannot read the signature ${file}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }, dirname(prefix));
}

/**
 * Adds signatures that are not there yet as files with the next numbers. A file is whole as soon as it has its name, and
 * nothing is written over: who adds others at the same time takes other numbers.
 * @throws IMAGE_LOOKASIDE, IMAGE_CONFIGURATION for more than anybody looks at
 */
export async function addSignatureFiles(
  prefix: string,
  signatures: readonly ImageSignature[],
): Promise<void> {
  const before = await readSignatureFiles(prefix);
  const known = [...before];
  for (const each of signatures) if (!known.some((other) => isSame(each, other))) known.push(each);
  if (known.length > maxSignatures) {
    throw unusable(dirname(prefix), `it has ${before.length} signatures, and no more are looked at`);
  }
  let number = before.length + 1;
  for (const each of known.slice(before.length)) {
    number = (await addFile(prefix, number, formatSignatureFile(each))) + 1;
  }
}

/** @returns the number that it got */
async function addFile(prefix: string, first: number, data: Uint8Array): Promise<number> {
  const directory = dirname(prefix);
  const temporary = `${prefix}${randomBytes(6).toString("hex")}.tmp`;
  try {
    await mkdir(directory, { recursive: true, mode: 0o755 });
    await using _removed = { [Symbol.asyncDispose]: () => rm(temporary, { force: true }) };
    await using file = await open(temporary, "wx", 0o644);
    await file.writeFile(data);
    await file.sync();
    for (let number = first; ; number += 1) {
      if (!(await linked(temporary, `${prefix}${number}`))) continue;
      await syncDirectory(directory);
      return number;
    }
  } catch (cause) {
    throw imageError("LOOKASIDE", `cannot write a signature into ${directory}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  }
}

function unusable(place: string, reason: string) {
  return imageError("CONFIGURATION", `cannot use the signatures in ${place}: ${reason}`);
}
