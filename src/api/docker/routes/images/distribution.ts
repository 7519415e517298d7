import type { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import type { ImagesHandler } from "./routes.ts";
import { authOf } from "./transfer.ts";

/** Documents that parsed once already, when they were fetched. */
type Index = { readonly manifests?: readonly { readonly platform?: dockerApi.Platform }[] };

/** GET /distribution/{name}/json: what a name stands for in its registry, which is asked. Nothing is pulled. */
export const distributionOf: ImagesHandler = async (images, request) => {
  const access = { auth: authOf(request), insecure: false, daemon: undefined };
  const place = `docker://${request.params.name}`;
  const { root, raw, config } = await images.remote.look(place, access, request.signal);
  const read = <T>(data: Uint8Array): T => JSON.parse(Buffer.from(data).toString()) as T;
  const platforms = read<Index>(raw).manifests?.flatMap(({ platform }) => platform ?? []);
  const answer: dockerApi.DistributionInspect = {
    Descriptor: { mediaType: root.mediaType, digest: root.digest, size: raw.length },
    Platforms: (platforms ?? [read<dockerApi.Platform>(config)]).map(({ architecture, os, variant }) => ({
      architecture,
      os,
      ...(variant && { variant }),
    })),
  };
  return json(answer);
};
