import type { Image } from "../../images/index.ts";

/** What images take on disk, layers that several of them have counted once. */
export type LayerUsage = {
  readonly layersBytes: number;
  /** Of each image, by id, the bytes of layers that other images have too. */
  readonly sharedBytes: Readonly<Record<string, number>>;
};

type Layered = Pick<Image, "id" | "chainIds" | "layerSizes">;

export function layerUsage(images: readonly Layered[]): LayerUsage {
  const layers = new Map<string, { bytes: number; users: number }>();
  for (const image of images) {
    for (const [chainId, bytes] of layersOf(image)) {
      layers.set(chainId, { bytes, users: (layers.get(chainId)?.users ?? 0) + 1 });
    }
  }
  const isShared = (chainId: string): boolean => (layers.get(chainId)?.users ?? 0) > 1;
  const sharedOf = (image: Layered): number =>
    sum([...layersOf(image)].filter(([chainId]) => isShared(chainId)).map(([, bytes]) => bytes));
  return {
    layersBytes: sum([...layers.values()].map(({ bytes }) => bytes)),
    sharedBytes: Object.fromEntries(images.map((image) => [image.id, sharedOf(image)])),
  };
}

function layersOf({ chainIds, layerSizes }: Layered): Map<string, number> {
  return new Map(chainIds.map((chainId, index) => [chainId, layerSizes[index] ?? 0]));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
