import { type BuiltImage, buildImage, type TarEntry, tarArchive } from "../../test/environment/index.ts";

/** What images are made of: as many files of text, in directories as deep as those of a distribution. */
type Shape = { readonly layers: number; readonly files: number; readonly bytes: number };

const MIB = 1024 * 1024;

/** How often something comes again instead of a word. */
const REPEATED = 0.08;

/** The images that are pulled, by what a row says of them. */
export const largeImages = {
  "one layer, 30,000 files, 600 MB": { layers: 1, files: 30_000, bytes: 600 * MIB },
  "8 layers, 24,000 files, 430 MB": { layers: 8, files: 24_000, bytes: 430 * MIB },
} as const satisfies Readonly<Record<string, Shape>>;

export type LargeImage = keyof typeof largeImages;

/** Makes an image; the same shape gives the same digests. It takes seconds, and twice the image's size of memory. */
export function makeLargeImage({ layers, files, bytes }: Shape): BuiltImage {
  const random = generator(layers);
  const text = makeText(random);
  const perLayer = { files: files / layers, mean: bytes / files };
  return buildImage({
    layers: Array.from({ length: layers }, (_, layer) => ({
      entries: [],
      archive: tarArchive(makeEntries(`layer-${layer}`, { ...perLayer, random, text })),
    })),
    config: { Cmd: ["true"] },
  });
}

type Making = { files: number; mean: number; random: () => number; text: Buffer };

/** Most files are small and a few hold most of the bytes, as in a distribution. */
function makeEntries(root: string, { files, mean, random, text }: Making): TarEntry[] {
  const entries: TarEntry[] = [{ path: `${root}/`, type: "directory" }];
  const perDirectory = 20;
  for (let index = 0; index < files; index += 1) {
    const directory = `${root}/usr/share/package-${Math.floor(index / perDirectory)}`;
    if (index % perDirectory === 0) entries.push({ path: `${directory}/`, type: "directory" });
    const size = Math.min(text.length / 2, Math.round(mean * spread(random)));
    const begin = Math.floor(random() * (text.length - size));
    entries.push({ path: `${directory}/file-${index}`, content: text.subarray(begin, begin + size) });
  }
  return entries;
}

/** Numbers with the mean 1, of a logarithmic normal distribution. */
function spread(random: () => number): number {
  const deviation = 1.5;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.exp(deviation * normal - (deviation * deviation) / 2);
}

/** Words, and what was said a little earlier. gzip makes a third of it, and takes as long as for a distribution's files. */
function makeText(random: () => number): Buffer {
  const letters = () => String.fromCharCode(97 + Math.floor(26 * random() * random()));
  const words = Array.from({ length: 20_000 }, () =>
    Array.from({ length: 3 + Math.floor(8 * random()) }, letters).join(""),
  );
  const text = Buffer.alloc(32 * MIB);
  for (let at = 0; at < text.length; ) {
    const back = 1 + Math.floor(random() * Math.min(at, 16_384));
    if (random() < REPEATED && back < at) {
      at += text.copy(text, at, at - back, Math.min(at, at - back + 10 + Math.floor(300 * random())));
    } else {
      const word = words[Math.floor(words.length * random() ** 3)];
      at += text.write(`${word}${random() < 0.1 ? "\n" : " "}`, at);
    }
  }
  return text;
}

/** The same numbers below 1 for the same seed. Source: https://doi.org/10.18637/jss.v008.i14, xorshift with 32 bits */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
