import type { Access, Copied, Looked, PushProgressEvent } from "../../images/index.ts";
import type { Platform } from "../../specs/docker-api/index.ts";
import type {
  CopyEvent,
  CopyRequest,
  ImageSignature,
  PlaceAccess,
  PushLayerEvent,
  SearchHit,
  SearchRequest,
  SignaturesAccess,
  SignedImage,
} from "../model/image-view.ts";
import { imagePlatform } from "./container-images.ts";
import { eventsOf } from "./progress-events.ts";
import { layerEvent } from "./push.ts";
import { credentialsOf } from "./registry-auth.ts";
import type { ImageServiceParts } from "./service.ts";

export type LookOptions = PlaceAccess & { readonly platform?: Platform | undefined };

/** What an engine does with images that lie elsewhere. */
export interface RemoteImageService {
  copy(request: CopyRequest, signal: AbortSignal): AsyncIterable<CopyEvent>;
  look(place: string, options: LookOptions, signal: AbortSignal): Promise<Looked>;
  digest(place: string, access: PlaceAccess, signal: AbortSignal): Promise<string>;
  tags(place: string, access: PlaceAccess, signal: AbortSignal): Promise<readonly string[]>;
  delete(place: string, access: PlaceAccess, signal: AbortSignal): Promise<string>;
  search(request: SearchRequest, signal: AbortSignal): Promise<readonly SearchHit[]>;
  signatures(place: string, access: SignaturesAccess, signal: AbortSignal): Promise<SignedImage>;
  sign(place: string, request: SignRequest, signal: AbortSignal): Promise<void>;
}

export type SignRequest = { readonly signature: ImageSignature; readonly access: PlaceAccess };

export function remoteImageService({ images: { remote } }: ImageServiceParts): RemoteImageService {
  return {
    copy: (request, signal) => copy(remote, request, signal),
    look: (place, { platform, ...access }, signal) =>
      remote.look(place, { ...accessOf(access), platform: platform && imagePlatform(platform), signal }),
    digest: (place, access, signal) => remote.digest(place, { ...accessOf(access), signal }),
    tags: (place, access, signal) => remote.tags(place, { ...accessOf(access), signal }),
    signatures: (place, { form, ...access }, signal) =>
      remote.signatures(place, { ...accessOf(access), form, signal }),
    sign: (place, { signature, access }, signal) =>
      remote.sign(place, signature, { ...accessOf(access), signal }),
    delete: (place, access, signal) => remote.delete(place, { ...accessOf(access), signal }),
    search: ({ term, limit, auth }, signal) =>
      remote.search(term, { limit, credentials: auth && credentialsOf(auth), signal }),
  };
}

async function* copy(
  remote: ImageServiceParts["images"]["remote"],
  request: CopyRequest,
  signal: AbortSignal,
): AsyncGenerator<CopyEvent> {
  const { source, target, platform, all, signatures, sourceAccess = {}, targetAccess = {} } = request;
  const copied: Copied = yield* eventsOf((report: (event: PushLayerEvent) => void) =>
    remote.copy(source, target, {
      platform: platform && imagePlatform(platform),
      all,
      signatures,
      source: accessOf(sourceAccess),
      target: accessOf(targetAccess),
      onProgress: (event: PushProgressEvent) => report(layerEvent(event)),
      signal,
    }),
  );
  const { digest, size, changed } = copied;
  yield { kind: "copied", digest, sizeBytes: size, changed };
}

function accessOf({ auth, insecure, daemon }: PlaceAccess): Access {
  return { credentials: auth && credentialsOf(auth), insecure, daemon };
}
