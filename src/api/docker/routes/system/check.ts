import type { CheckEvent } from "../../../../engine/index.ts";
import { dockerApi } from "../../../../specs/index.ts";
import type { Handler } from "../../route.ts";
import { progressLines } from "../../streams/json-lines.ts";
import { mapPieces, started } from "../../streams/pieces.ts";
import type { ImagesPort } from "../images/port.ts";

/** POST /tug/system/check: the store against its digests and records; `repair` puts right what can be. */
export function checkSystem(images: ImagesPort): Handler {
  return async ({ query, signal }) => {
    const events = await started(images.check({ repair: query.flag("repair") }, signal));
    const pieces = progressLines(mapPieces(events, renderCheckEvent));
    return { kind: "stream", type: dockerApi.mediaTypes.json, pieces };
  };
}

function renderCheckEvent(event: CheckEvent): dockerApi.ProgressMessage {
  if (event.kind === "reading") {
    const { current, total } = event;
    return { id: "blobs", status: "Verifying", progressDetail: { current, total } };
  }
  const { problems, blobs, bytes, archives, images, snapshots, leftovers } = event.report;
  const aux: dockerApi.CheckedAux = {
    Problems: problems.map(({ kind, subject, sentence, images: names, repaired, hint }) => ({
      Kind: kind,
      Subject: subject,
      Sentence: sentence,
      Images: names,
      Repaired: repaired,
      Hint: hint,
    })),
    Blobs: blobs,
    Bytes: bytes,
    Archives: { Count: archives.count, Bytes: archives.bytes },
    Images: images,
    Snapshots: snapshots,
    Leftovers: leftovers && {
      Count: leftovers.count,
      Bytes: leftovers.bytes,
      Removed: leftovers.removed,
    },
  };
  return { id: "blobs", status: "Verified", progressDetail: {}, aux };
}
