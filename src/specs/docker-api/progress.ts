/**
 * One line of the answer to POST /images/create and /images/load. Source: swagger.yaml, `CreateImageInfo`.
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
  readonly error?: string | undefined;
  readonly errorDetail?: { readonly code?: number | undefined; readonly message: string } | undefined;
  readonly tug?: ErrorExtension | undefined;
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
