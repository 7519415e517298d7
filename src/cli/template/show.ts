/** How a value is printed: lists as `[a b]`, maps as `map[k:v]` with sorted keys, nothing as `<no value>`. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return "<no value>";
  if (Array.isArray(value)) return `[${value.map(show).join(" ")}]`;
  if (typeof value !== "object") return String(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)));
  return `map[${entries.map(([key, item]) => `${key}:${show(item)}`).join(" ")}]`;
}

/** Whether a value counts as true: not false, 0, "", nothing, or an empty list or map. */
export function isTrue(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}
