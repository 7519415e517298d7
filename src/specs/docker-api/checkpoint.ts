import type * as v from "valibot";
import { flag, optional, struct, text } from "./fields.ts";
import { parseJson } from "./parse.ts";

const createBody = struct({
  CheckpointID: optional(text),
  CheckpointDir: optional(text),
  Exit: optional(flag),
});

/**
 * The body of POST /containers/{id}/checkpoints: its name, the directory of the host that it goes to, and whether the
 * container ends. Source: https://github.com/moby/moby/blob/v28.5.1/api/types/checkpoint/options.go CreateOptions
 */
export type CheckpointBody = v.InferOutput<typeof createBody>;

/** @throws DOCKER_API_BODY with the JSON pointer of the first wrong field */
export function parseCheckpointBody(body: string): CheckpointBody {
  return parseJson(createBody, body, "the checkpoint body");
}

/** A checkpoint in answers. Source: https://github.com/moby/moby/blob/v28.5.1/api/types/checkpoint/list.go Summary */
export type Checkpoint = {
  /** Its name, which no other one in the same place has. */
  readonly Name: string;
};
