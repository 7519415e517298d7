import { rm } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "../../test/environment/index.ts";
import { type Contender, time, timeAlone } from "./contender.ts";
import type { LargeImage } from "./large-images.ts";
import { offerImages, startEmptyRegistry } from "./registries.ts";
import type { Scenario } from "./scenario.ts";

const IMAGE: LargeImage = "8 layers, 24,000 files, 430 MB";
const ROUNDS = 3;

/** What is done with one image, in this order. */
const steps = ["save", "push", "load"] as const;

/** How long the steps took that have rows of their own, by contender. */
const taken = new Map<string, Record<(typeof steps)[number], number>[]>();

/** An image of the store as an archive, to a registry that has nothing of it, and back from the archive. */
export const transferScenarios: readonly Scenario[] = steps.map((step) => ({
  name: `${step}: ${IMAGE}`,
  rounds: ROUNDS,
  async measure(contender, round) {
    const rounds = taken.get(contender.name) ?? [];
    // The first row that is wanted takes the times for all.
    while (contender.transfer !== undefined && rounds[round + 1] === undefined)
      rounds.push(await transfer(contender, contender.transfer));
    taken.set(contender.name, rounds);
    return rounds[round + 1]?.[step];
  },
}));

async function transfer({ env }: Contender, commands: NonNullable<Contender["transfer"]>) {
  const image = (await offerImages())[IMAGE];
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "image.tar");
  await time(commands.bring(image), env);
  const save = await timeAlone(commands.save(image, file), env);
  await using registry = await startEmptyRegistry();
  const push = await timeAlone(commands.push(image, registry), env);
  await time(commands.forget(image, registry), env);
  const load = await timeAlone(commands.load(image, file), env);
  await time(commands.forget(image), env);
  await rm(file);
  return { save, push, load };
}
