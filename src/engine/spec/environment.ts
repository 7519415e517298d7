/** The variables of an image with those of a request over them; one without a value takes the image's away. */
export function mergeEnvironment(image: readonly string[], request: readonly string[]): string[] {
  const nameOf = (entry: string): string => entry.split("=", 1)[0] ?? "";
  const replaced = new Set(request.map(nameOf));
  return [
    ...image.filter((entry) => !replaced.has(nameOf(entry))),
    ...request.filter((entry) => entry.includes("=")),
  ];
}
