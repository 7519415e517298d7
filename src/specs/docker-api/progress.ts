import type { CheckedAux } from "./check.ts";
import type { CopiedAux } from "./remote-image.ts";

/**
 * One line of the answer to POST /images/create, /images/load and /images/{name}/push. Source: swagger.yaml, `CreateImageInfo`.
 * A line with `errorDetail` is the last one and means failure, whatever the HTTP status was.
 */
export type ProgressMessage = {
  /** Which layer or tag the line is about. */
  readonly id?: string | undefined;
  readonly status?: string | undefined;
  /** Text to be shown as it is. */
  readonly stream?: string | undefined;
  readonly progress?: string | undefined;
  /** Bytes done, and bytes in all where known. */
  readonly progressDetail?:
    | { readonly current?: number | undefined; readonly total?: number | undefined }
    | undefined;
  /** Results for programs. */
  readonly aux?: PushedAux | CopiedAux | CheckedAux | undefined;
  readonly error?: string | undefined;
  readonly errorDetail?: { readonly code?: number | undefined; readonly message: string } | undefined;
  readonly tug?: ErrorExtension | undefined;
};

/**
 * What a push has put under a tag. The second form says that of an index only one image was here and was sent instead.
 * Source: moby v28.5.1, api/types/auxprogress/push.go, and push_v2.go
 */
export type PushedAux =
  | { readonly Tag: string; readonly Digest: string; readonly Size: number }
  | {
      readonly manifestPushedInsteadOfIndex: true;
      readonly originalIndex: { readonly digest: string };
      readonly selectedManifest: { readonly digest: string; readonly size: number };
    };

/** What an error body says beside Docker's `message`. */
export type ErrorExtension = {
  readonly kind: string;
  readonly code: string;
  readonly hint?: string | undefined;
  readonly details?: Readonly<Record<string, string | number | boolean | readonly string[]>> | undefined;
};

/** The body of an answer with a status of 400 and above. Source: swagger.yaml, `ErrorResponse`. */
export type ErrorBody = { readonly message: string; readonly tug?: ErrorExtension | undefined };
