/**
 * What class of failure an error is. A door maps the class, never the code, to its own status: one table per
 * door (HTTP, gRPC, exit code).
 */
export type ErrorKind =
  | "canceled"
  | "conflict"
  | "dataLoss"
  | "exhausted"
  | "forbidden"
  | "internal"
  | "invalid"
  | "notFound"
  | "notImplemented"
  | "notModified"
  | "timeout"
  | "unauthorized"
  | "unavailable";

/** Where and why a failure happened, beyond its sentence. Every value is safe to show. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export type ErrorOptions = {
  /** What the user can do about it: one sentence without a full stop. */
  hint?: string;
  cause?: unknown;
  details?: ErrorDetails;
};

/** One row of a module's error table: the class of the failure and when it is raised. */
export type ErrorRow = { readonly kind: ErrorKind; readonly when: string };

/**
 * A failure that a caller may see.
 *
 * `code` is stable and declared in exactly one module's table (`defineErrors`). `message` has the form
 * "cannot <verb> <object>: <reason>", in lower case, without a full stop, with credentials in URLs redacted.
 */
export class TugError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint: string | undefined;
  readonly details: ErrorDetails;

  constructor(kind: ErrorKind, code: string, message: string, options: ErrorOptions = {}) {
    super(redactCredentials(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "TugError";
    this.kind = kind;
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
  }
}

const tables = new Map<string, Readonly<Record<string, ErrorRow>>>();

/**
 * Declares a module's error codes and returns the function that raises them.
 *
 * @param prefix upper-case word that every code of the table starts with, such as `IMAGE`
 * @param rows code (without the prefix) to class and meaning; docs/errors.md is generated from it
 */
export function defineErrors<const T extends Readonly<Record<string, ErrorRow>>>(
  prefix: string,
  rows: T,
): (code: keyof T & string, message: string, options?: ErrorOptions) => TugError {
  tables.set(prefix, rows);
  return (code, message, options) => {
    const row = rows[code] as ErrorRow;
    return new TugError(row.kind, `${prefix}_${code}`, message, options);
  };
}

/** Every error table declared so far, by prefix. */
export function errorTables(): ReadonlyMap<string, Readonly<Record<string, ErrorRow>>> {
  return tables;
}

/** The `code` of a system error (`ENOENT` ...), or undefined for anything else. Of 95 it is the kernel's name, not libuv's. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof TugError) return undefined;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOTSUP") return "EOPNOTSUPP";
  return typeof code === "string" ? code : undefined;
}

/** The sentence of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Replaces the user information of every URL in a text by `***`. */
export function redactCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, "$1***@");
}
