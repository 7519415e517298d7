import { type Digest, sha256 } from "../../base/index.ts";

/**
 * The names of the file systems that layers make, one on top of the other: one chain id for each layer.
 * Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md#layer-chainid
 */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const ids: Digest[] = [];
  for (const diffId of diffIds) {
    const parent = ids.at(-1);
    ids.push(parent === undefined ? diffId : sha256(`${parent} ${diffId}`));
  }
  return ids;
}
