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
