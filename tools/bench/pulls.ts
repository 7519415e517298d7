import { type Contender, time, timeAlone } from "./contender.ts";
import { type LargeImage, largeImages } from "./large-images.ts";
import { watchPeak } from "./memory.ts";
import { offerImages } from "./registries.ts";
import type { Scenario } from "./scenario.ts";

const ROUNDS = 3;

/** What was measured beside the pulls that were timed, by contender and image: rows of their own show it. */
type Kind = "removal" | "peak";
const beside: Readonly<Record<Kind, Map<string, (number | undefined)[]>>> = {
  removal: new Map(),
  peak: new Map(),
};

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
      measure: (contender) => takeBeside("removal", contender, image),
    },
    {
      name: `most memory of what stays while it pulls: ${image}`,
      unit: "KiB",
      rounds: ROUNDS,
      measure: (contender) => takeBeside("peak", contender, image),
    },
  ],
);

async function takeBeside(kind: Kind, contender: Contender, image: LargeImage): Promise<number | undefined> {
  const taken = () => beside[kind].get(keyOf(contender, image)) ?? [];
  if (taken().length === 0) await pullAndRemove(contender, image);
  return taken().shift();
}

async function pullAndRemove(contender: Contender, name: LargeImage): Promise<number | undefined> {
  const { pull, checkPulled, removeImage, daemons, env } = contender;
  if (pull === undefined) return undefined;
  const image = (await offerImages())[name];
  const peak = daemons && watchPeak(daemons());
  const took = await timeAlone(pull(image), env);
  keep("peak", contender, name, peak?.());
  await checkPulled?.(image);
  const removal = removeImage && (await time(removeImage(image), env));
  keep("removal", contender, name, removal);
  return took;
}

function keep(kind: Kind, contender: Contender, image: LargeImage, value: number | undefined): void {
  const key = keyOf(contender, image);
  beside[kind].set(key, [...(beside[kind].get(key) ?? []), value]);
}

function keyOf({ name }: Contender, image: LargeImage): string {
  return `${name}: ${image}`;
}
