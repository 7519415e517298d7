import type { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import type { Handler } from "../../route.ts";
import type { ImagesPort } from "../images/port.ts";

/** GET /tug/system/keepers: who keeps what on the disk. */
export function listKeepers(images: ImagesPort): Handler {
  return async () => {
    const keepers = await images.keepers();
    return json(
      keepers.map(
        (keeper): dockerApi.SpaceKeeper => ({
          Kind: keeper.kind,
          Id: keeper.id,
          Names: keeper.names,
          Containers: keeper.containers,
          BlobBytes: keeper.blobBytes,
          LayerBytes: keeper.layerBytes,
          AloneBytes: keeper.aloneBytes,
          LastUsed: keeper.place && new Date(keeper.place.lastUsed).toISOString(),
          Turn: keeper.place?.turn,
          Stays: keeper.place?.stays,
        }),
      ),
    );
  };
}
