import assert from "node:assert/strict";
import { test } from "node:test";
import { layerUsage } from "./layer-usage.ts";

type Layered = Parameters<typeof layerUsage>[0][number];

const image = (id: string, ...layers: [chainId: string, bytes: number][]): Layered => ({
  id: `sha256:${id}` as Layered["id"],
  chainIds: layers.map(([chainId]) => `sha256:${chainId}` as Layered["id"]),
  layerSizes: layers.map(([, bytes]) => bytes),
});

test("layers that several images have are counted once, and as shared for each", () => {
  const images = [
    image("1", ["a", 100], ["b", 10]),
    image("2", ["a", 100], ["c", 1]),
    image("3", ["d", 1000]),
    image("4"),
  ];
  assert.deepEqual(layerUsage(images), {
    layersBytes: 1111,
    sharedBytes: { "sha256:1": 100, "sha256:2": 100, "sha256:3": 0, "sha256:4": 0 },
  });
});
