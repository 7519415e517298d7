import type { Mutex } from "../../base/index.ts";
import type { EngineContext } from "../context.ts";
import { takeFromPolicy } from "./by-hand.ts";
import { unpauseContainer } from "./freeze.ts";
import type { LiveContainers } from "./live.ts";
import type { Restarts } from "./restarts.ts";

/** What the steps of containers' lives share. */
export type Life = {
  readonly context: EngineContext;
  readonly live: LiveContainers;
  readonly restarts: Restarts;
  /** Changes of one container happen one after the other. */
  readonly alone: (id: string) => Mutex;
};

/** Takes a container out of the hands of its policy. Returns whether that was all there was to do. */
export function takeOver({ context, live, restarts, alone }: Life, id: string): Promise<boolean> {
  return alone(id).run(async () => takeFromPolicy(context, live, { id, restarts }));
}

/** Lets a frozen container go on: its program does not see a signal. */
export function letEnd({ context, alone }: Life, id: string): Promise<void> {
  return alone(id).run(async () => {
    const record = context.store.get(id);
    if (record?.state.status === "paused") await unpauseContainer(context, record);
  });
}
