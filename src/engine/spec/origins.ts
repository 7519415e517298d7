import { TugError } from "../../base/index.ts";

/** Where parts of a spec came from: JSON pointer in the spec to what the user wrote. */
export type Origins = {
  /** Notes that a place of the spec, and what lies below it, comes from there. An undefined origin is not noted. */
  note(pointer: string, origin: string | undefined): void;
  /** The origin of a place: that of the nearest noted place above it. */
  of(pointer: string): string | undefined;
};

/** An empty table of origins. */
export function createOrigins(): Origins {
  const table = new Map<string, string>();
  return {
    note(pointer, origin) {
      if (origin !== undefined) table.set(pointer, origin);
    },
    of(pointer) {
      for (let place = pointer; place !== ""; place = place.slice(0, place.lastIndexOf("/"))) {
        const origin = table.get(place);
        if (origin !== undefined) return origin;
      }
      return undefined;
    },
  };
}

/**
 * A failure at a place of the spec, told with what the user wrote in the place's stead. One whose place is unknown, or
 * whose place nobody wrote, stays as it is.
 */
export function withOrigin(error: unknown, origins: Origins): unknown {
  if (!(error instanceof TugError)) return error;
  const pointer = error.details.pointer ?? error.details.from;
  if (typeof pointer !== "string" || !pointer.startsWith("/")) return error;
  const origin = origins.of(pointer);
  if (origin === undefined) return error;
  const { kind, code, message, hint, details } = error;
  return new TugError(kind, code, message.replace(`config.json#${pointer}`, origin), {
    details: { ...details, pointer: origin },
    cause: error,
    ...(hint !== undefined && { hint }),
  });
}
