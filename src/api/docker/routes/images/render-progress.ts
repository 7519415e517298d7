import type { dockerApi } from "../../../../specs/index.ts";
import type { LayerEvent, LayerPhase, LayerWork, LoadEvent, PullEvent } from "./port.ts";

/** Docker's words, on which progress displays depend. */
const statusOf: Readonly<Record<LayerPhase | LayerWork, string>> = {
  queued: "Pulling fs layer",
  waiting: "Waiting",
  downloading: "Downloading",
  verifying: "Verifying Checksum",
  downloaded: "Download complete",
  extracting: "Extracting",
  complete: "Pull complete",
  exists: "Already exists",
};

/** The lines of a pull's progress for one event. */
export function renderPullEvent(event: PullEvent): dockerApi.ProgressMessage[] {
  switch (event.kind) {
    case "resolving":
      return [{ status: `Pulling from ${event.repository}`, id: event.tag }];
    case "layer":
      return [renderLayer(event)];
    case "pulled":
      return [
        { status: `Digest: ${event.digest}` },
        {
          status: `Status: ${event.updated ? "Downloaded newer image" : "Image is up to date"} for ${event.reference}`,
        },
      ];
  }
}

/** The line of a load's progress for one event; a quiet client gets only the results. */
export function renderLoadEvent(event: LoadEvent, quiet: boolean): dockerApi.ProgressMessage | undefined {
  switch (event.kind) {
    case "layer":
      return quiet ? undefined : renderLayer(event);
    case "loaded":
      return { stream: `Loaded image: ${event.reference}\n` };
    case "loadedUntagged":
      return { stream: `Loaded image ID: ${event.id}\n` };
  }
}

function renderLayer(event: LayerEvent): dockerApi.ProgressMessage {
  const progressDetail = "done" in event ? { current: event.done, total: event.total } : {};
  return { id: shortDigest(event.layer), status: statusOf[event.phase], progressDetail };
}

/** Twelve digits, as everywhere in Docker. */
export function shortDigest(digest: string): string {
  return digest.replace(/^[a-z0-9]+:/, "").slice(0, 12);
}
