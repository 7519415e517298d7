import type { RestartRequest } from "../model/create-request.ts";

/** The end of a run, as a restart policy looks at it. */
export type EndOfRun = {
  readonly exitCode: number;
  /** How long the program ran, in milliseconds. */
  readonly ranFor: number;
  /** Somebody stopped it. */
  readonly byHand: boolean;
  /** The machine went down with it. */
  readonly atShutdown: boolean;
  /** How often the policy has started it since somebody did. */
  readonly restartCount: number;
  /** The pause before the run, in milliseconds; 0 when it was not the policy that started it. */
  readonly pause: number;
};

const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 60_000;

/** A run of at least so long was a success: the next pause is the first again. */
const LONG_RUN = 10_000;

/**
 * How long to wait before a container is started again, in milliseconds; undefined leaves it as it is. The pauses double
 * from 100 ms to a minute, as Docker's do.
 * Source: https://github.com/moby/moby/blob/v28.5.1/daemon/internal/restartmanager/restartmanager.go
 */
export function restartPause(policy: RestartRequest, end: EndOfRun): number | undefined {
  if (!wantsRestart(policy, end)) return undefined;
  if (end.pause === 0 || end.ranFor >= LONG_RUN) return FIRST_PAUSE;
  return Math.min(end.pause * 2, LONGEST_PAUSE);
}

/**
 * Whether the first engine after a boot starts a container that did not run when the machine went down. Docker asks this
 * whenever its daemon begins; an engine of tug may begin at any time, so that only a boot counts.
 */
export function startsAtBoot({ policy }: RestartRequest, byHand: boolean): boolean {
  return policy === "always" || (policy === "unless-stopped" && !byHand);
}

/** Whether an engine has to look at the ends of a container, so that its monitor brings one back. */
export function hasRestartPolicy({ restart }: { readonly restart: RestartRequest }): boolean {
  return restart.policy !== "no";
}

function wantsRestart({ policy, maximumRetries }: RestartRequest, end: EndOfRun): boolean {
  if (end.byHand) return false;
  switch (policy) {
    case "no":
      return false;
    case "always":
    case "unless-stopped":
      return true;
    case "on-failure":
      // A shutdown is no failure of the program.
      if (end.exitCode === 0 || end.atShutdown) return false;
      return maximumRetries === 0 || end.restartCount < maximumRetries;
  }
}
