import type { Exec, ExecRequest, ExecStartOptions, TerminalSize } from "../../../../engine/index.ts";
import type { Attachment } from "../containers/port.ts";

/**
 * What the exec routes need of the engine: further programs in running containers, each made first and started once.
 *
 * | situation | kind | details |
 * | --- | --- | --- |
 * | no such container | notFound | `container`: the reference |
 * | no such exec session | notFound | `exec`: the id |
 * | the container does not run or is paused, the session was started before | conflict | |
 * | the program cannot be executed | invalid | `exitCode`: 126 or 127, `reason` |
 */
export interface ExecPort {
  create(container: string, request: ExecRequest): Promise<{ readonly id: string }>;
  get(id: string): Promise<Exec>;
  /** Starts with nobody attached; resolves when the program has been executed. */
  start(id: string, options: ExecStartOptions): Promise<void>;
  /** Starts attached. What cannot be executed is told as output: the client has been promised streams by then. */
  attach(id: string, options: ExecStartOptions): Promise<Attachment>;
  resize(id: string, size: TerminalSize): Promise<void>;
}
