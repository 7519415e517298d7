import type { Client } from "../../../../api/docker/client/index.ts";
import { dockerApi } from "../../../../specs/index.ts";
import type { CliContext } from "../../../context.ts";
import { absolutePlace } from "../../../values/place.ts";
import { type AccessValues, accessTo } from "./access.ts";

export type LookValues = AccessValues & { readonly platform: string | undefined };

type Layer = { readonly mediaType: string; readonly digest: string; readonly size: number };

/** The documents of an image, wherever it is; nothing else of it is fetched. */
export async function lookAt(
  client: Client,
  place: string,
  { context, values, signal }: { context: CliContext; values: LookValues; signal: AbortSignal },
): Promise<dockerApi.LookedImage> {
  const access = await accessTo(place, values, context);
  const where = absolutePlace(place, context.cwd);
  return await client.images.remote.look(where, { ...access, platform: values.platform, signal });
}

/** An image in the form that skopeo has for it. */
export function describeLooked(place: string, looked: dockerApi.LookedImage): object {
  const config = JSON.parse(looked.Config) as {
    created?: string;
    architecture: string;
    os: string;
    config?: { Labels?: Record<string, string>; Env?: string[] };
  };
  const { layers = [] } = JSON.parse(looked.Manifest) as { layers?: Layer[] };
  return {
    Name: nameOf(place),
    Digest: looked.Digest,
    MediaType: looked.MediaType,
    Created: config.created ?? null,
    Labels: config.config?.Labels ?? null,
    Architecture: config.architecture,
    Os: config.os,
    Layers: layers.map(({ digest }) => digest),
    LayersData: layers.map(({ mediaType, digest, size }) => ({
      MIMEType: mediaType,
      Digest: digest,
      Size: size,
    })),
    Env: config.config?.Env ?? [],
  };
}

function nameOf(place: string): string {
  const [, name] = /^docker:\/\/(.+)$/s.exec(place) ?? [];
  return name === undefined ? "" : dockerApi.splitReference(dockerApi.fullReference(name)).name;
}
