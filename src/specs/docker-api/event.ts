/**
 * One line of GET /events. Source: swagger.yaml, `EventMessage`. `time` is in seconds since 1970; `timeNano` loses its
 * last digits in JavaScript, as in every client that keeps numbers in doubles.
 */
export type EventMessage = {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly scope: "local";
  readonly time: number;
  readonly timeNano: number;
  /** The next three repeat the above for old clients; containers and images only. */
  readonly status?: string | undefined;
  readonly id?: string | undefined;
  readonly from?: string | undefined;
};
