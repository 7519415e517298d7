import { rename } from "node:fs/promises";
import { ifThere } from "../../base/index.ts";
import type { Overlay } from "./overlay.ts";
import { placeOf } from "./snapshot-paths.ts";
import { directoryOf, type SnapshotRow } from "./snapshot-table.ts";
import type { ReplaceOptions } from "./snapshotter.ts";

type Replaced = { readonly committed: SnapshotRow; readonly active: SnapshotRow };

/** See `Snapshotter.replace`. Nothing of the committed one may be in use. */
export async function replaceFiles(
  overlay: Overlay,
  { committed, active }: Replaced,
  { usage, hidesAll, form }: ReplaceOptions,
): Promise<void> {
  const { table, layers } = overlay;
  await stripFiles(overlay, committed);
  const place = placeOf(overlay, committed);
  await rename(placeOf(overlay, active), place);
  table.refill(committed.id, active.id, { usage, hidesAll, form });
  if (form === "erofs") await layers?.mount(directoryOf(committed), place);
}

/** See `Snapshotter.strip`. The directory gets a name that no snapshot has, which an interruption leaves to the next open. */
export async function stripFiles(overlay: Overlay, committed: SnapshotRow): Promise<void> {
  const { layers, removeTree } = overlay;
  if (committed.form === "erofs") await layers?.unmount(directoryOf(committed));
  const stripped = placeOf(overlay, { id: committed.id, directory: `removed-${committed.id}` });
  await removeTree(stripped);
  await ifThere(rename(placeOf(overlay, committed), stripped));
  await removeTree(stripped);
}
