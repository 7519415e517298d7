import type { Duplex } from "node:stream";
import { type Client, connect } from "../../api/docker/client/index.ts";
import { chooseEngine, dialSocket, type Elsewhere } from "../../endpoints/index.ts";
import { type GlobalOptions, splitGlobals } from "../arguments/global-options.ts";
import type { CliContext, EngineNeed } from "../context.ts";
import { write } from "../write.ts";

/** The engine that a command line means, as commands use it. */
export type ChosenEngine = {
  connect(need: EngineNeed): Promise<Client>;
  /** A connection to it, half of which can be closed by itself. */
  dial(): Promise<Duplex>;
};

/** The engine of this machine, or the one that options, the environment or a context lead to; looked for when it is used. */
export function chosenEngine(context: CliContext, globals: GlobalOptions): ChosenEngine {
  let found: Promise<Elsewhere | undefined> | undefined;
  const find = () => {
    found ??= findElsewhere(context, globals);
    return found;
  };
  return {
    async connect(need) {
      const elsewhere = await find();
      return elsewhere === undefined ? context.connectEngine(need) : connect(elsewhere);
    },
    async dial() {
      const elsewhere = await find();
      if (elsewhere === undefined) return context.dialEngine();
      return "socket" in elsewhere ? dialSocket(elsewhere.socket) : elsewhere.dial();
    },
  };
}

/** Whether a command line is for another engine, or cannot be understood, so that the engine of this machine leaves it to its caller. */
export async function leadsElsewhere(
  line: Pick<CliContext, "argv" | "env" | "cwd"> & { readonly engineSocket: string },
): Promise<boolean> {
  const { argv, env, cwd, engineSocket: own } = line;
  try {
    const { globals } = splitGlobals(argv);
    return (await chooseEngine({ env, cwd, own, ...globals })) !== undefined;
  } catch {
    return true;
  }
}

async function findElsewhere(context: CliContext, globals: GlobalOptions): Promise<Elsewhere | undefined> {
  const { env, cwd, engineSocket: own } = context;
  const isPlain = globals.host === undefined && globals.context === undefined;
  return context.here && isPlain
    ? undefined
    : chooseEngine({ env, cwd, own, warn: warner(context), ...globals });
}

/** Tells the user of what is passed over. */
export function warner({ stderr }: Pick<CliContext, "stderr">): (sentence: string) => Promise<void> {
  return (sentence) => write(stderr, `warning: ${sentence}\n`);
}
