import type * as v from "valibot";
import { flag, optional, struct, text } from "./fields.ts";
import { parseJson } from "./parse.ts";
import { registryAuthSchema } from "./registry-auth.ts";

/** How a place is spoken to. */
export const placeAccessSchema = struct({
  Auth: optional(registryAuthSchema),
  /** The registry may have any certificate, or speak without encryption. */
  Insecure: optional(flag),
  /** Address of Docker's daemon: unix:///PATH. */
  Daemon: optional(text),
});

const schema = struct({
  Source: text,
  Target: text,
  Platform: optional(text),
  All: optional(flag),
  /** Also the signatures that lie beside it. */
  Signatures: optional(flag),
  SourceAccess: optional(placeAccessSchema),
  TargetAccess: optional(placeAccessSchema),
});

/** Body of POST /tug/images/copy. Places are written as in docs/images.md; paths are absolute. */
export type CopyBody = v.InferOutput<typeof schema>;

/** How a place is spoken to. */
export type PlaceAccess = v.InferOutput<typeof placeAccessSchema>;

/** Reads the body of POST /tug/images/copy. @throws DOCKER_API_BODY */
export function parseCopyBody(body: string): CopyBody {
  return parseJson(schema, body, "the request for a copy");
}

/** What the last message of a copy tells programs. */
export type CopiedAux = { readonly Digest: string; readonly Size: number; readonly Changed: boolean };

/** Answer to GET /distribution/{name}/json. Source: swagger.yaml, `DistributionInspect`. */
export type DistributionInspect = {
  readonly Descriptor: { readonly mediaType: string; readonly digest: string; readonly size: number };
  readonly Platforms: readonly {
    readonly architecture: string;
    readonly os: string;
    readonly variant?: string;
  }[];
};

/** Answer to GET /tug/images/look: the documents of an image, byte for byte. */
export type LookedImage = {
  /** Of what the name stands for. */
  readonly Digest: string;
  readonly MediaType: string;
  readonly Raw: string;
  /** Of the image for the platform. */
  readonly Manifest: string;
  readonly Config: string;
};
