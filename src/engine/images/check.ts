import type { StoreReport } from "../../images/index.ts";
import { isHostImage } from "./host-image.ts";
import { eventsOf } from "./progress-events.ts";
import type { ImageServiceParts } from "./service.ts";

/** A step of a check: bytes of blobs that were read, or at the end what was found. */
export type CheckEvent =
  | { readonly kind: "reading"; readonly current: number; readonly total: number }
  | { readonly kind: "checked"; readonly report: StoreReport };

/** Checks the images and the snapshots of the containers, and tells of every hundredth of the way. */
export async function* checkImages(
  { images, store, embedded, settled }: ImageServiceParts,
  { repair }: { repair: boolean },
  signal: AbortSignal,
): AsyncGenerator<CheckEvent> {
  await settled();
  const present = store.list().filter(({ image, state }) => {
    return !isHostImage(image.id) && !["creating", "removing"].includes(state.status);
  });
  const containers = new Map(present.map(({ id, name }) => [id, name]));
  const checking = eventsOf<CheckEvent, StoreReport>((tell) => {
    let told = -1;
    const onChecked = ({ current, total }: { current: number; total: number }): void => {
      const share = Math.floor((100 * current) / total);
      if (share === told) return;
      told = share;
      tell({ kind: "reading", current, total });
    };
    return images.check({ repair, embedded, containers, onChecked, signal });
  });
  for (;;) {
    const step = await checking.next();
    if (step.done) return void (yield { kind: "checked", report: step.value });
    yield step.value;
  }
}
