import { type ByteString, quoteBytes } from "../../tar/index.ts";
import { imageError } from "../errors.ts";
import { maxNameLength, maxPathLength } from "./limits.ts";

/** The error for an entry that a layer may not have. `path` is a byte string. */
export function entryError(path: ByteString, reason: string) {
  return imageError("LAYER_ENTRY", `cannot unpack entry ${quoteBytes(path)}: ${reason}`, {
    hint: "no builder makes such a layer: do not trust the image",
  });
}

/**
 * The components of a name in a layer, which is relative to the root of the tree whether it begins with a slash or
 * not. Empty and "." components mean nothing.
 *
 * @param depth the most components that are allowed
 * @throws IMAGE_LAYER_ENTRY for "..", NUL, and names that no file system takes
 */
export function splitPath(name: ByteString, depth: number): ByteString[] {
  if (name.length > maxPathLength) throw entryError(name, `the name has ${name.length} bytes`);
  if (name.includes("\0")) throw entryError(name, "the name holds a NUL byte");
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  for (const part of parts) {
    if (part === "..") throw entryError(name, 'the name holds ".."');
    if (part.length > maxNameLength) throw entryError(name, `a part of the name has ${part.length} bytes`);
  }
  if (parts.length > depth) throw entryError(name, `it is ${parts.length} directories deep`);
  return parts;
}

/** The directory that a path is in; that of the root is the root. */
export function parentOf(path: ByteString): ByteString {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}

/** The last component of a path. */
export function baseOf(path: ByteString): ByteString {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A name in a directory, whose path is empty for the root. */
export function joinPath(directory: ByteString, name: ByteString): ByteString {
  return directory === "" ? name : `${directory}/${name}`;
}
