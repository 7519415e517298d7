import { type ByteString, emptyNode, type Node } from "../../tar/index.ts";
import { entryError } from "./path.ts";

/*
 * How a layer says that something of the layers below is gone: in its archive by names, in an overlay directory by
 * device nodes and attributes.
 * Sources: https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#whiteouts and
 * Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories"
 */

const prefix = ".wh.";
const opaqueName = ".wh..wh..opq";
/** Names that AUFS kept for itself and that old images still have; they mean nothing. */
const metaPrefix = ".wh..wh.";

/** The attribute of a directory through which nothing of lower layers shows. */
export const opaqueAttribute: ByteString = "trusted.overlay.opaque";
const opaqueValue = Buffer.from("y");

/** What a name in a layer means. */
export type Whiteout = { kind: "hide"; name: ByteString } | { kind: "opaque" } | { kind: "ignore" };

/** Undefined for an ordinary name. @throws IMAGE_LAYER_ENTRY for a whiteout of no name, "." or ".." */
export function parseWhiteout(name: ByteString): Whiteout | undefined {
  if (!name.startsWith(prefix)) return undefined;
  if (name === opaqueName) return { kind: "opaque" };
  if (name.startsWith(metaPrefix)) return { kind: "ignore" };
  const hidden = name.slice(prefix.length);
  if (hidden === "" || hidden === "." || hidden === "..")
    throw entryError(name, "it is a whiteout of no name");
  return { kind: "hide", name: hidden };
}

/** The name in a layer that hides another name. */
export function whiteoutName(name: ByteString): ByteString {
  return prefix + name;
}

/** Whether a node is an overlay's whiteout. */
export function isWhiteoutNode({ type, major, minor }: Node): boolean {
  return type === "charDevice" && major === 0 && minor === 0;
}

/** An overlay's whiteout. */
export function whiteoutNode(path: ByteString): Node {
  return { ...emptyNode(path), type: "charDevice" };
}

/** Whether a directory in an overlay is opaque. */
export function isOpaque({ xattrs }: Node): boolean {
  const value = xattrs.get(opaqueAttribute);
  return value !== undefined && Buffer.from(value).equals(opaqueValue);
}

/** A directory as an opaque one. */
export function asOpaque(node: Node): Node {
  return { ...node, xattrs: new Map([...node.xattrs, [opaqueAttribute, opaqueValue]]) };
}

/** The file that makes its directory opaque in a layer. */
export function opaqueMarker(directory: ByteString): Node {
  return emptyNode(directory === "" ? opaqueName : `${directory}/${opaqueName}`);
}

/** Whether an attribute steers an overlay. A layer must not bring such ones: they could redirect to other files. */
export function isOverlayAttribute(name: ByteString): boolean {
  return name.startsWith("trusted.overlay.") || name.startsWith("user.overlay.");
}

/** A directory that a layer has only by the names of what is in it. */
export function impliedDirectory(path: ByteString): Node {
  return { ...emptyNode(path), type: "directory", mode: 0o755 };
}
