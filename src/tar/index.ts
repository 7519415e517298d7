export { type ByteQueue, createByteQueue } from "./byte-queue.ts";
export { type ByteString, byteString, byteStringOf, quoteBytes } from "./bytes.ts";
export { emptyNode, type Node, type NodeType, noXattrs, type Time, type TreePiece } from "./pieces.ts";
export { createTarReader, type TarReader } from "./reader.ts";
export { createTarWriter, type TarWriter, writeTar } from "./writer.ts";
