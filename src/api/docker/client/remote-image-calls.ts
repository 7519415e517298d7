import * as dockerApi from "../../../specs/docker-api/index.ts";
import type { CallOptions } from "./container-calls.ts";
import { readProgress } from "./progress.ts";
import type { Transport } from "./transport.ts";

/** How a place is spoken to. */
export type PlaceOptions = CallOptions & {
  /** Credentials for its registry. */
  readonly auth?: dockerApi.RegistryAuth | undefined;
  /** The registry may have any certificate, or speak without encryption. */
  readonly insecure?: boolean | undefined;
  /** Address of Docker's daemon, for places that are in it: unix:///PATH. */
  readonly daemon?: string | undefined;
};

/** Which signatures are asked for. */
export type SignaturesOptions = PlaceOptions & {
  /** Those of this form, maybe among others; by default all. What holds the others need not be within reach then. */
  readonly form?: dockerApi.SignatureForm | undefined;
};

/** Calls about images in other places, written as in docs/images.md; paths are absolute. */
export type RemoteImageCalls = {
  /** Progress until the image is there; the last message has the digest. */
  copy(body: dockerApi.CopyBody, options?: CallOptions): AsyncIterable<dockerApi.ProgressMessage>;
  /** The documents of an image, without its layers. */
  look(
    place: string,
    options?: PlaceOptions & { readonly platform?: string | undefined },
  ): Promise<dockerApi.LookedImage>;
  /** What a place stands for now. */
  digest(place: string, options?: PlaceOptions): Promise<string>;
  /** The tags of a repository. */
  tags(place: string, options?: PlaceOptions): Promise<readonly string[]>;
  /** What lies beside an image in a registry, a layout, a directory or the store. Nobody has verified it. */
  signatures(place: string, options?: SignaturesOptions): Promise<dockerApi.SignedImage>;
  /** Puts a signature beside the image that it is of. */
  sign(place: string, signature: dockerApi.ImageSignature, options?: PlaceOptions): Promise<void>;
  /** Gives the digest of what is gone. */
  delete(place: string, options?: PlaceOptions): Promise<string>;
};

export function createRemoteImageCalls(transport: Transport): RemoteImageCalls {
  const request = (method: "GET" | "DELETE", name: string, place: string, options: PlaceOptions) => {
    const { auth, insecure, daemon, signal } = options;
    const headers = auth && { "X-Registry-Auth": dockerApi.formatRegistryAuth(auth) };
    return { method, path: `/tug/images/${name}`, query: { place, insecure, daemon }, headers, signal };
  };
  return {
    copy: (json, { signal } = {}) =>
      readProgress(transport, { method: "POST", path: "/tug/images/copy", json, signal }),
    look: (place, { platform, ...options } = {}) => {
      const { query, ...rest } = request("GET", "look", place, options);
      return transport.sendForJson({ ...rest, query: { ...query, platform } });
    },
    digest: async (place, options = {}) =>
      (await transport.sendForJson<{ Digest: string }>(request("GET", "digest", place, options))).Digest,
    tags: (place, options = {}) => transport.sendForJson(request("GET", "tags", place, options)),
    signatures: (place, { form, ...options } = {}) => {
      const { query, ...rest } = request("GET", "signatures", place, options);
      return transport.sendForJson({ ...rest, query: { ...query, form } });
    },
    async sign(place, signature, { auth, insecure, daemon, signal } = {}) {
      const access = { Auth: auth, Insecure: insecure, Daemon: daemon };
      const json: dockerApi.SignBody = { Place: place, Signature: signature, Access: access };
      await transport.sendForNothing({ method: "POST", path: "/tug/images/sign", json, signal });
    },
    delete: async (place, options = {}) =>
      (await transport.sendForJson<{ Digest: string }>(request("DELETE", "remote", place, options))).Digest,
  };
}
