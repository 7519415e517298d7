import { type Contender, time } from "./contender.ts";
import { type LargeImage, largeImages } from "./large-images.ts";
import { offerImages } from "./registries.ts";
import type { Scenario } from "./scenario.ts";

const ROUNDS = 3;

/** Images from a registry on loopback, ready to be run, and their removal. */
export const pullScenarios: readonly Scenario[] = (Object.keys(largeImages) as LargeImage[]).flatMap(
  (image) => [
    {
      name: `pull: ${image}`,
      rounds: ROUNDS,
      measure: async (contender) => (await pullAndRemove(contender, image))?.pull,
    },
    {
      name: `remove: ${image}`,
      rounds: ROUNDS,
      measure: async (contender) => (await pullAndRemove(contender, image))?.removal,
    },
  ],
);

async function pullAndRemove(
  { pull, removeImage, env }: Contender,
  name: LargeImage,
): Promise<{ pull: number; removal: number | undefined } | undefined> {
  if (pull === undefined) return undefined;
  const image = (await offerImages())[name];
  const took = await time(pull(image), env);
  return { pull: took, removal: removeImage && (await time(removeImage(image), env)) };
}
