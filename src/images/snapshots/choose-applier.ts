import { type Logger, messageOf } from "../../base/index.ts";
import type { LayerApplier } from "../install-layer.ts";
import type { TreePort } from "../layers/tree-port.ts";
import { createErofsApplier } from "./erofs-applier.ts";
import type { LayerMounts } from "./layer-mounts.ts";
import { createOverlayApplier } from "./overlay-applier.ts";
import type { SnapshotForm, Snapshotter } from "./snapshotter.ts";

export type ApplierChoice = {
  readonly snapshotter: Snapshotter;
  readonly trees: TreePort;
  /** Left out: nothing can be mounted here. */
  readonly layers: Pick<LayerMounts, "access"> | undefined;
  /** Left out: the best that the machine can do. */
  readonly form: SnapshotForm | undefined;
  readonly logger: Logger;
};

/** Fills snapshots with layers in one form, which may be known only when the first one comes. */
export type ChosenApplier = LayerApplier & { form(): Promise<SnapshotForm> };

/**
 * Keeps layers as they are asked to be kept. Where nobody asks, it is `erofs` if the kernel mounts files, and `overlay`
 * elsewhere: a loop device for each layer is for whoever wants that. The machine is tried when the first layer comes, so
 * that an engine without new layers starts at once.
 */
export function chooseApplier({ snapshotter, trees, layers, form, logger }: ApplierChoice): ChosenApplier {
  const appliers = {
    overlay: createOverlayApplier(snapshotter, trees),
    erofs: createErofsApplier(snapshotter),
  } as const satisfies Record<SnapshotForm, LayerApplier>;
  let chosen: Promise<SnapshotForm> | undefined;
  const choose = () => {
    chosen ??= form === undefined ? bestForm(layers, logger) : Promise.resolve(form);
    return chosen;
  };
  return {
    form: choose,
    apply: async (...given) => await appliers[await choose()].apply(...given),
    settle: async (key, parent, layer) => await appliers[layer.form].settle(key, parent, layer),
  };
}

async function bestForm(layers: ApplierChoice["layers"], logger: Logger): Promise<SnapshotForm> {
  if (layers === undefined) return "overlay";
  try {
    const { loop } = await layers.access();
    return loop ? "overlay" : "erofs";
  } catch (error) {
    logger.log("info", "images.snapshotter", { form: "overlay", reason: messageOf(error) });
    return "overlay";
  }
}
