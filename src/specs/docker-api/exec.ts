import * as v from "valibot";
import { flag, integer, optional, struct, text, texts } from "./fields.ts";
import { parseJson } from "./parse.ts";

/** In characters: height, width. */
const consoleSize = v.tuple([integer, integer]);

const execBody = struct({
  AttachStdin: optional(flag),
  AttachStdout: optional(flag),
  AttachStderr: optional(flag),
  ConsoleSize: optional(consoleSize),
  DetachKeys: optional(text),
  Tty: optional(flag),
  Env: optional(texts),
  Cmd: optional(texts),
  Privileged: optional(flag),
  User: optional(text),
  WorkingDir: optional(text),
});

/** The body of POST /containers/{id}/exec. Source: swagger.yaml, `ExecConfig`. */
export type ExecBody = v.InferOutput<typeof execBody>;

/** @throws DOCKER_API_BODY with the JSON pointer of the first wrong field */
export function parseExecBody(body: string): ExecBody {
  return parseJson(execBody, body, "the exec body");
}

const execStartBody = struct({
  Detach: optional(flag),
  Tty: optional(flag),
  ConsoleSize: optional(consoleSize),
});

/** The body of POST /exec/{id}/start. Source: swagger.yaml, `ExecStartConfig`. */
export type ExecStartBody = v.InferOutput<typeof execStartBody>;

/** @throws DOCKER_API_BODY with the JSON pointer of the first wrong field */
export function parseExecStartBody(body: string): ExecStartBody {
  return parseJson(execStartBody, body, "the exec start body");
}

/** Answer to POST /containers/{id}/exec. */
export type ExecCreated = { readonly Id: string };

/** Answer to GET /exec/{id}/json. Source: swagger.yaml, operation `ExecInspect`. */
export type ExecInspect = {
  readonly ID: string;
  readonly ContainerID: string;
  readonly Running: boolean;
  /** Null until it has ended. */
  readonly ExitCode: number | null;
  readonly ProcessConfig: {
    readonly entrypoint: string;
    readonly arguments: readonly string[];
    readonly tty: boolean;
    readonly privileged: boolean;
    readonly user: string;
  };
  readonly OpenStdin: boolean;
  readonly OpenStdout: boolean;
  readonly OpenStderr: boolean;
  readonly CanRemove: boolean;
  readonly DetachKeys: string;
  readonly Pid: number;
};
