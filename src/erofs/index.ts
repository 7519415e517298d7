export { blockSize } from "./format.ts";
export { createIndexBuilder, type Extent, type IndexBuilder } from "./index-builder.ts";
