import type { Digest } from "../../base/index.ts";
import { createTarReader } from "../../tar/index.ts";
import { decompress } from "./compression.ts";
import { createLayerCheck, type LayerCheckOptions } from "./layer-check.ts";
import type { LayerLimits } from "./limits.ts";
import { joined, recordOf } from "./records.ts";
import { createLayerTranslator, type LayerTranslator, type OutlineEntry, type Usage } from "./translate.ts";
import type { TreePort } from "./tree-port.ts";
import { endRecord } from "./tree-record.ts";

export type UnpackOptions = {
  trees: TreePort;
  /** An existing directory, which becomes a layer of an overlay. */
  directory: string;
  /** What the layer's archive must turn out to be. */
  diffId: Digest;
  /** Bytes of the blob. */
  blobSize: number;
  limits?: LayerLimits;
  signal?: AbortSignal | undefined;
};

/** What is known of a layer once it is unpacked. */
export type UnpackedLayer = {
  usage: Usage;
  /** Nothing below the layer shows through. */
  hidesAll: boolean;
  /** Its directories and whiteouts. */
  outline: readonly OutlineEntry[];
};

/**
 * Decompresses, checks and unpacks the blob of a layer in one pass. The source is read to its end, so that whoever
 * stores what it yields has all of it.
 *
 * After a failure the directory holds a part of the layer and is of no use.
 * @throws IMAGE_DIFF_ID, IMAGE_COMPRESSION, TAR_ARCHIVE, IMAGE_LAYER_ENTRY, IMAGE_LAYER_LIMIT; errors of the source
 *   and of the port as they are
 */
export async function unpackLayer(
  blob: AsyncIterable<Uint8Array>,
  options: UnpackOptions,
): Promise<UnpackedLayer> {
  const { trees, directory, blobSize, limits, signal } = options;
  const translator = createLayerTranslator({ blobSize, ...(limits !== undefined && { limits }) });
  const outcome: { error?: unknown } = {};
  const records = remember(
    joined(layerRecords(decompress(blob, { brief: true }), translator, options), { brief: true }),
    outcome,
  );
  try {
    await trees.unpack(directory, records, signal);
  } catch (error) {
    // The port sees only that its stream broke; why it broke is what people need to know.
    throw outcome.error ?? error;
  }
  return {
    usage: translator.usage(),
    hidesAll: translator.hidesAll(),
    outline: translator.outline(),
  };
}

/** The end record comes only after the whole archive turned out to be the right one. */
async function* layerRecords(
  tar: AsyncIterable<Uint8Array>,
  translator: LayerTranslator,
  options: LayerCheckOptions,
): AsyncGenerator<Uint8Array> {
  const check = createLayerCheck(options);
  const reader = createTarReader();
  for await (const chunk of tar) {
    check.update(chunk);
    for (const entry of reader.push(chunk)) {
      for (const piece of translator.translate(entry)) yield recordOf(piece);
    }
  }
  reader.end();
  check.end();
  yield endRecord;
}

/** Notes the error of a source, and not one that its reader throws into it. */
async function* remember<T>(source: AsyncIterable<T>, outcome: { error?: unknown }): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const next = () =>
    iterator.next().catch((error: unknown) => {
      outcome.error = error;
      throw error;
    });
  try {
    for (let step = await next(); !step.done; step = await next()) yield step.value;
  } finally {
    await iterator.return?.();
  }
}
