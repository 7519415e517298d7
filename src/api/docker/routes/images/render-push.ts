import type { dockerApi } from "../../../../specs/index.ts";
import type { PushEvent, PushLayerEvent, PushPhase } from "./port.ts";
import { shortDigest } from "./render-progress.ts";

/** Docker's words, on which progress displays depend. */
const statusOf: Readonly<Record<PushPhase, string>> = {
  preparing: "Preparing",
  waiting: "Waiting",
  pushed: "Pushed",
  exists: "Layer already exists",
};

/** The lines of a push's progress for one event. Source: moby v28.5.1, distribution/push_v2.go */
export function renderPushEvent(event: PushEvent): dockerApi.ProgressMessage[] {
  switch (event.kind) {
    case "pushing":
      return [{ status: `The push refers to repository [${event.repository}]` }];
    case "layer":
      return [renderLayer(event)];
    case "pushed":
      return renderPushed(event);
  }
}

function renderLayer(event: PushLayerEvent): dockerApi.ProgressMessage {
  const id = shortDigest(event.layer);
  switch (event.phase) {
    case "pushing":
      return { id, status: "Pushing", progressDetail: { current: event.done, total: event.total } };
    case "mounted":
      return { id, status: `Mounted from ${event.from}`, progressDetail: {} };
    default:
      return { id, status: statusOf[event.phase], progressDetail: {} };
  }
}

function renderPushed(event: PushEvent & { kind: "pushed" }): dockerApi.ProgressMessage[] {
  const { tag, digest, sizeBytes: size, insteadOf } = event;
  const lines: dockerApi.ProgressMessage[] = [
    { status: `${tag}: digest: ${digest} size: ${size}` },
    { progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: size } },
  ];
  if (insteadOf === undefined) return lines;
  const aux = {
    manifestPushedInsteadOfIndex: true,
    originalIndex: { digest: insteadOf },
    selectedManifest: { digest, size },
  } as const;
  const status = `Only one image of the index ${insteadOf} is here: pushed it alone, under a digest of its own`;
  return [...lines, { status }, { progressDetail: {}, aux }];
}
