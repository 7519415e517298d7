import type { Timestamp } from "../model/container-view.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import type { RunEnd } from "../model/why-view.ts";
import type { ImageDefaults } from "../spec/input.ts";
import type { Lifetime } from "./image-source.ts";

/** What is fixed when a container is made. */
export type ContainerRecord = {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Timestamp;
  readonly request: CreateContainerRequest;
  readonly image: RecordedImage;
  /** Volumes that were made for this container alone and go with it when asked. */
  readonly anonymousVolumes: readonly string[];
  readonly state: RecordedState;
};

/** The image as it was when the container was made; the image itself may have gone another way since. */
export type RecordedImage = {
  /** Digest of the configuration. */
  readonly id: string;
  readonly defaults: ImageDefaults;
  readonly architecture: string;
  readonly os: string;
  readonly stopSignal?: string | undefined;
  /** Volumes that the image declares, as absolute paths. */
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Bytes of its layers as they are unpacked. */
  readonly size: number;
};

/** Where the container is in its life; written before the effect where it announces one. */
export type RecordedState = {
  readonly status:
    | "creating"
    | "created"
    | "starting"
    | "running"
    | "paused"
    | "restarting"
    | "exited"
    | "removing"
    | "dead";
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, decimal. */
  readonly startTime: string;
  readonly bootId: string;
  readonly exitCode: number;
  readonly error: string;
  readonly oomKilled: boolean;
  readonly startedAt?: Timestamp | undefined;
  readonly finishedAt?: Timestamp | undefined;
  /** How its last run ended or could not begin; it stays when it is started again. */
  readonly end?: RunEnd | undefined;
  /** Digest that the helper reported for the plan it executed last. */
  readonly planDigest?: string | undefined;
  /** How often the policy has started it since somebody did. */
  readonly restartCount: number;
  /** Somebody stopped it: its restart policy leaves it alone until somebody starts it. */
  readonly byHand?: boolean | undefined;
  /** Frozen by the engine for a moment: it goes on, whatever becomes of the engine. */
  readonly held?: boolean | undefined;
  /** A checkpoint of it is being made: the directory that it is written to, which goes if it is never finished. */
  readonly dumping?: string | undefined;
  /** Somebody restarts it: its end does not remove it, whatever it was made with. */
  readonly startsAgain?: boolean | undefined;
  /** The pause before the last start by its policy, in milliseconds. */
  readonly restartPause?: number | undefined;
  /** The name that it had: nobody finds it any more, and what is left of it has to go. */
  readonly gone?: string | undefined;
  /** When a container that is `restarting` will be started. */
  readonly restartAt?: Timestamp | undefined;
  /** Of one that is `removing`: when that began, and whether its anonymous volumes go too. */
  readonly removing?: { readonly since: Timestamp; readonly volumes: boolean } | undefined;
};

/** The state of a container that has never run. */
export const newState: RecordedState = {
  status: "creating",
  pid: 0,
  startTime: "0",
  bootId: "",
  exitCode: 0,
  error: "",
  oomKilled: false,
  restartCount: 0,
};

/**
 * A container that goes away with its end is of no use after a power loss: the next engine removes what is left of it,
 * and a row that was lost leaves directories that it removes as well. A volume without its container would stay.
 */
export function lifetimeOf({
  request,
  anonymousVolumes,
}: Pick<ContainerRecord, "request" | "anonymousVolumes">): Lifetime {
  return { ephemeral: request.autoRemove && anonymousVolumes.length === 0 };
}
