import { randomBytes, randomInt } from "node:crypto";
import { engineError } from "../errors.ts";

const adjectives =
  "amber brisk calm clever coral crisp deft eager early fair fleet fond frank fresh gentle glad golden grand happy hardy honest jolly keen kind lively loyal lucid lucky merry mild neat noble plucky polite proud quick quiet rapid ready robust rosy shiny silver smart snug solid sound spry steady stout sunny swift tidy trim true vivid warm wise witty zesty".split(
    " ",
  );

/** Kinds of working boats and of what is found in harbours. */
const nouns =
  "anchor barge beacon bollard buoy canoe capstan clipper cog coracle crane current cutter davit derrick dhow dock dory ferry fender galley gig hawser helm hoist hulk jetty junk kayak keel ketch launch lighter lugger mast mooring oar packet pier pilot pinnace pontoon prow punt quay raft rope rudder sampan schooner skiff sloop spar tender thwart tide tiller trawler wharf wherry winch windlass yawl".split(
    " ",
  );

/** A new container id: 64 hexadecimal digits. A short form of digits only is avoided: it would read as a number. */
export function newContainerId(): string {
  for (;;) {
    const id = randomBytes(32).toString("hex");
    if (!/^\d{12}/.test(id)) return id;
  }
}

/** A name for a container that was given none. */
export function inventName(): string {
  return `${adjectives[randomInt(adjectives.length)]}_${nouns[randomInt(nouns.length)]}`;
}

/** @throws ENGINE_CONTAINER_NAME; the rule is Docker's */
export function checkContainerName(name: string): void {
  if (/^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) && name.length <= 255) return;
  throw engineError(
    "CONTAINER_NAME",
    `invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    {
      hint: "use at least two letters, digits, _ . or -, beginning with a letter or digit",
    },
  );
}
