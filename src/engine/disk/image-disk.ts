import type { Helper } from "../../helper/index.ts";
import type { Disk } from "../../images/index.ts";

/** The disk that images are on, which the helper can wait for. */
export function imageDisk(helper: Helper, bootId: string): Disk {
  return {
    bootId,
    async sync(directory) {
      const host = [{ op: "syncFilesystem", from: "images", path: directory } as const];
      await helper.execute({ host, stage: [], init: [] });
    },
  };
}
