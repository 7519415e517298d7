/** The members of an object that was read as JSON. */
export type Members = Readonly<Record<string, unknown>>;

/**
 * What reads objects in a document.
 *
 * @param refuse makes the error for a place in it, with the reason
 */
export function memberReader(refuse: (place: string, reason: string) => Error): {
  /** A value that must be an object. */
  object(value: unknown, place: string): Members;
  /** A member that must be an object; an empty one where it is missing or null. */
  member(members: Members, name: string, place: string): Members;
} {
  const object = (value: unknown, place: string): Members => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Members;
    throw refuse(place, "it is not an object");
  };
  return {
    object,
    member(members, name, place) {
      const value = members[name];
      return value === undefined || value === null ? {} : object(value, `${place}#/${name}`);
    },
  };
}
