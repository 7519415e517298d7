/** An image that may have to go. */
export type DiskImage = {
  readonly id: string;
  /** Full names and short ones, none for an image that has lost its last one. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly lastUsed: number;
  /** `cached`: it is here for a mirror only; `pushed`: others may get it from here. */
  readonly hosting: "pushed" | "cached" | undefined;
  /** A container has it, or work under way. */
  readonly isInUse: boolean;
  /** It comes with the program. */
  readonly isBuiltIn: boolean;
};

/** What stays whatever the budget says. */
export type Kept = {
  /** What was used so lately; milliseconds. */
  readonly keep: number;
  /** Names of images. */
  readonly keepImages: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
};

/** Whether an image stays, and why, as the rest of a sentence. */
export type ImagePlace = { readonly image: DiskImage; readonly stays: string | undefined };

/**
 * However short the time is that things are kept: who asks for an image makes a container of it next, and what is known
 * of uses is a minute old.
 */
export const leastKeep = 120_000;

/**
 * Images in the order in which they go: what mirrors have fetched, images without a name, and all others, of each kind
 * first what was not used for longest. Those that stay come last.
 */
export function orderImages(images: readonly DiskImage[], kept: Kept): ImagePlace[] {
  return images
    .map((image) => ({ image, stays: whyItStays(image, kept) }))
    .sort(
      (a, b) =>
        Number(a.stays !== undefined) - Number(b.stays !== undefined) ||
        rank(a.image) - rank(b.image) ||
        a.image.lastUsed - b.image.lastUsed,
    );
}

function rank({ hosting, names }: DiskImage): number {
  if (hosting === "cached") return 0;
  return names.length === 0 ? 1 : 2;
}

function whyItStays(image: DiskImage, { keep, keepImages, now }: Kept): string | undefined {
  if (image.isInUse) return "it is in use";
  if (image.isBuiltIn) return "it comes with tug";
  if (image.hosting === "pushed") return "it was pushed here";
  if (image.names.some((name) => keepImages.some((each) => isNamed(name, each))))
    return "the configuration keeps it";
  return image.lastUsed > now - Math.max(keep, leastKeep) ? "it was used lately" : undefined;
}

/** A name without tag and digest means all images of a repository. */
function isNamed(name: string, text: string): boolean {
  return name === text || name.replace(/@.*$/, "").replace(/:[^/:]*$/, "") === text;
}
