import type { Image } from "../../images/index.ts";
import type { HistoryEntry } from "../model/image-view.ts";
import { familiar } from "./view.ts";

/** How an image was made, newest step first; sizes are those of the layers as they were downloaded. */
export function historyOf(image: Image): HistoryEntry[] {
  const { history = [], rootfs } = image.config;
  const steps = history.length > 0 ? history : rootfs.diff_ids.map(() => ({}));
  let layer = 0;
  const entries = steps.map((step): HistoryEntry => {
    const empty = "empty_layer" in step && step.empty_layer === true;
    const size = empty ? 0 : (image.layers[layer]?.size ?? 0);
    if (!empty) layer += 1;
    return {
      createdAt: "created" in step ? step.created : undefined,
      createdBy: ("created_by" in step ? step.created_by : undefined) ?? "",
      comment: ("comment" in step ? step.comment : undefined) ?? "",
      tags: [],
      sizeBytes: size,
    };
  });
  const newest = entries.at(-1);
  if (newest !== undefined)
    entries[entries.length - 1] = { ...newest, id: image.id, tags: image.names.map(familiar) };
  return entries.reverse();
}
