import type { Duplex } from "node:stream";
import type { Client } from "../../api/docker/client/index.ts";
import type { CliContext, EngineNeed } from "../context.ts";
import type { GlobalOptions } from "./global-options.ts";
import type { Completion, Options, ValuesOf } from "./option.ts";

/** One command of the program. */
export type CommandDefinition<O> = {
  /** Its full name: `["container", "run"]`. */
  readonly path: readonly string[];
  /** Other full names, such as `["run"]`. The shortest name is the one that help shows. */
  readonly aliases: readonly (readonly string[])[];
  /** Sentence for the list of commands, beginning with a capital letter and without a full stop. */
  readonly summary: string;
  /** What follows the options. */
  readonly args: ArgumentsDefinition;
  readonly options: O;
  readonly examples: readonly Example[];
  /** Not in lists; for scripts. */
  readonly hidden?: true;
  /** Exit code of a failure that says no other. */
  readonly failureCode?: number;
  /** Changes nothing, or nothing more when it is run once more: an engine's end is no reason to fail. */
  readonly repeatable?: true;
  run(invocation: Invocation<ValuesOf<O>>): Promise<Outcome>;
};

export type ArgumentsDefinition = {
  /** As help shows it: `IMAGE [COMMAND] [ARG...]`. */
  readonly usage: string;
  readonly least: number;
  /** Left out: any number. */
  readonly most?: number;
  /** Options end at the first argument: what follows belongs to the container. */
  readonly optionsFirst?: true;
  /** What completion offers; several are for one argument after the other, the last one for the rest too. */
  readonly completes?: Completion | readonly Completion[];
};

/** A command line and what it does. */
export type Example = { readonly line: string; readonly does: string };

/** A use of a command. */
export type Invocation<V> = {
  readonly options: V;
  readonly args: readonly string[];
  /** Whether an option was on the command line. */
  given(option: keyof V): boolean;
  readonly context: CliContext;
  /** The engine; the same client each time. */
  connect(need?: EngineNeed): Promise<Client>;
  /** A connection to it, half of which can be closed by itself. */
  dial(): Promise<Duplex>;
  /** What the command line said before the command's name. */
  readonly globals: GlobalOptions;
  /** Aborted when the command has to end early. */
  readonly signal: AbortSignal;
};

/** What is left to do when a command has run: text for stdout, and the exit code, 0 if left out. */
export type Outcome = { readonly output?: string; readonly exitCode?: number };

/** A command whose options have become a matter of its own. */
export type Command = CommandDefinition<Options>;

/** Checks a definition's types and makes it fit for the list of all commands. */
export function defineCommand<const O extends Options>(definition: CommandDefinition<O>): Command {
  // The parser gives `run` exactly the values that the definition's own options make.
  return definition as unknown as Command;
}

/** The name of a command that people use. */
export function shortestName({ path, aliases }: Command): string {
  const [shortest = path] = [path, ...aliases].toSorted((a, b) => a.length - b.length);
  return shortest.join(" ");
}
