import { jsonPointer } from "../../../../../base/index.ts";
import type { Origins } from "../../../../../engine/index.ts";
import { doorError } from "../../../errors.ts";

/** Collects where the fields of a request came from while it is being translated. */
export type OriginCollector = {
  /**
   * The value if it was given, with its origin noted. Docker's clients send zero values for what they do not set, so
   * "", 0, false and empty lists and objects count as not given.
   */
  given<T>(field: string, path: Path, value: T | undefined): T | undefined;
  /** Like `given` for a field whose zero value means something. */
  exactly<T>(field: string, path: Path, value: T | undefined): T | undefined;
  readonly all: Origins;
};

/** Steps to a place in the create body. */
export type Path = readonly (string | number)[];

export function createOriginCollector(): OriginCollector {
  const all: Record<string, string> = {};
  const exactly = <T>(field: string, path: Path, value: T | undefined): T | undefined => {
    if (value !== undefined) all[field] = jsonPointer(path);
    return value;
  };
  return {
    all,
    exactly,
    given: (field, path, value) => exactly(field, path, isZero(value) ? undefined : value),
  };
}

/** The error for a value that cannot be used: the sentence names the place, given as steps or as a JSON pointer. */
export function refuse(path: Path | string, reason: string, hint?: string) {
  const pointer = typeof path === "string" ? path : jsonPointer(path);
  return doorError("CREATE_VALUE", `invalid ${pointer}: ${reason}`, {
    details: { pointer },
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The error for something that tug does not have. */
export function refuseUnsupported(path: Path, reason: string) {
  const pointer = jsonPointer(path);
  return doorError("CREATE_UNSUPPORTED", `unsupported ${pointer}: ${reason}`, { details: { pointer } });
}

function isZero(value: unknown): boolean {
  if (value === undefined || value === "" || value === 0 || value === false) return true;
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
