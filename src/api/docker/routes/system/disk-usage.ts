import type { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import type { Query } from "../../query.ts";
import type { Handler } from "../../route.ts";
import { renderSummary } from "../containers/render/container.ts";
import { renderImageSummary } from "../images/render-image.ts";
import { renderVolume } from "../volumes/render.ts";
import type { SystemPorts } from "./routes.ts";

const kinds = ["container", "image", "volume", "build-cache"] as const;

/** GET /system/df. What takes long to measure is measured for the asked kinds of objects only. */
export function diskUsage({ system, containers, images, volumes }: SystemPorts): Handler {
  return async ({ query, signal, version }) => {
    const wanted = wantedKinds(query);
    const usage = await system.diskUsage(signal);
    const now = Date.now();
    const ofContainers = async () =>
      Promise.all(
        (await containers.list()).map(async (container) =>
          renderSummary(container, now, await containers.sizes(container.id)),
        ),
      );
    const ofImages = async () =>
      (await images.list()).map((image) => ({
        ...renderImageSummary(image, version),
        SharedSize: usage.sharedBytes[image.id] ?? 0,
      }));
    const ofVolumes = async () =>
      (await volumes.usage(signal)).map((volume) => ({
        ...renderVolume(volume),
        UsageData: { Size: volume.bytes, RefCount: volume.users.length },
      }));
    const answer: dockerApi.DiskUsage = {
      LayersSize: wanted.has("image") ? usage.layersBytes : 0,
      Images: wanted.has("image") ? await ofImages() : null,
      Containers: wanted.has("container") ? await ofContainers() : null,
      Volumes: wanted.has("volume") ? await ofVolumes() : null,
      BuildCache: wanted.has("build-cache") ? [] : null,
    };
    return json(answer);
  };
}

/** All kinds unless some are named. @throws DOCKER_QUERY */
function wantedKinds(query: Query): ReadonlySet<string> {
  const asked = query.all("type");
  const unknown = asked.find((kind) => !(kinds as readonly string[]).includes(kind));
  if (unknown !== undefined) throw doorError("QUERY", `unknown object type: ${unknown}`);
  return new Set(asked.length === 0 ? kinds : asked);
}
