import { type Contender, time } from "./contender.ts";
import { type LargeImage, largeImages } from "./large-images.ts";
import { offerImages } from "./registries.ts";
import type { Scenario } from "./scenario.ts";

const ROUNDS = 3;

/** How long removals took after the pulls that were timed, by contender and image: their own row shows them. */
const removals = new Map<string, (number | undefined)[]>();

/** Images from a registry on loopback, ready to be run, and their removal. */
export const pullScenarios: readonly Scenario[] = (Object.keys(largeImages) as LargeImage[]).flatMap(
  (image) => [
    {
      name: `pull: ${image}`,
      rounds: ROUNDS,
      measure: (contender) => pullAndRemove(contender, image),
    },
    {
      name: `remove: ${image}`,
      rounds: ROUNDS,
      async measure(contender) {
        const taken = () => removals.get(keyOf(contender, image)) ?? [];
        if (taken().length === 0) await pullAndRemove(contender, image);
        return taken().shift();
      },
    },
  ],
);

async function pullAndRemove(contender: Contender, name: LargeImage): Promise<number | undefined> {
  const { pull, checkPulled, removeImage, env } = contender;
  if (pull === undefined) return undefined;
  const image = (await offerImages())[name];
  const took = await time(pull(image), env);
  await checkPulled?.(image);
  const removal = removeImage && (await time(removeImage(image), env));
  const key = keyOf(contender, name);
  removals.set(key, [...(removals.get(key) ?? []), removal]);
  return took;
}

function keyOf({ name }: Contender, image: LargeImage): string {
  return `${name}: ${image}`;
}
