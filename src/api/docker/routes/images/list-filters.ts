import { posix } from "node:path";
import type { dockerApi } from "../../../../specs/index.ts";
import { doorError } from "../../errors.ts";
import { fitsFilters, matchesLabel } from "../../filters.ts";
import type { Image } from "./port.ts";

/** The images that a client asks for, newest first. Source: swagger.yaml, operation `ImageList`. */
export function selectImages(images: readonly Image[], filters: dockerApi.Filters): Image[] {
  const selected = images.filter((image) =>
    fitsFilters(filters, (name, value) => matchers[name]?.(image, value, images) ?? false),
  );
  return selected.sort((a, b) => moment(b) - moment(a)).map((image) => withMatchingTags(image, filters));
}

type Matcher = (image: Image, value: string, everyone: readonly Image[]) => boolean;

const matchers: Readonly<Record<string, Matcher>> = {
  dangling: (image, value) => (image.tags.length === 0) === (value === "true" || value === "1"),
  label: (image, value) => matchesLabel(image.config.Labels ?? {}, value),
  reference: (image, value) =>
    [...image.tags, ...image.digests].some((reference) => matchesGlob(reference, value)),
  before: (image, value, everyone) => moment(image) < moment(find(everyone, value)),
  since: (image, value, everyone) => moment(image) > moment(find(everyone, value)),
  until: (image, value) => moment(image) < Number(value) * 1000,
};

/** What GET /images/json can filter by. */
export const imageFilterNames: readonly string[] = Object.keys(matchers);

/** With a reference filter, an image shows only the references that fit. */
function withMatchingTags(image: Image, filters: dockerApi.Filters): Image {
  const globs = filters.get("reference");
  if (globs === undefined) return image;
  const fits = (reference: string) => globs.some((glob) => matchesGlob(reference, glob));
  return { ...image, tags: image.tags.filter(fits), digests: image.digests.filter(fits) };
}

/** Whether a pattern fits a whole reference, or the reference without tag and digest. */
function matchesGlob(reference: string, glob: string): boolean {
  const repository = reference.replace(/(@.*|:[^/]*)$/, "");
  return posix.matchesGlob(reference, glob) || posix.matchesGlob(repository, glob);
}

function find(everyone: readonly Image[], reference: string): Image {
  const id = reference.startsWith("sha256:") ? reference : `sha256:${reference}`;
  const found = everyone.find((image) => image.tags.includes(reference) || image.id.startsWith(id));
  if (found !== undefined) return found;
  throw doorError("QUERY", `No such image: ${reference}`);
}

function moment(image: Image): number {
  return image.createdAt === undefined ? 0 : Date.parse(image.createdAt);
}
