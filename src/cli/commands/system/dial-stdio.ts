import { drained, messageOf } from "../../../base/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { cliError } from "../../errors.ts";

export const dialStdio = defineCommand({
  path: ["system", "dial-stdio"],
  aliases: [],
  summary: "Join standard input and output with the engine's socket",
  args: { usage: "", least: 0, most: 0 },
  options: {},
  examples: [
    {
      line: "ssh build.example tug system dial-stdio",
      does: "Connect to the engine of another machine, as 'tug -H ssh://...' does for every call",
    },
  ],
  async run({ dial, context: { stdin, stdout }, signal }) {
    const socket = await dial();
    let failure: unknown;
    const stop = () => void socket.destroy();
    // A connection that is gone ends the reading of it below.
    socket.on("error", (error) => {
      failure = error;
    });
    stdin.on("error", stop);
    signal.addEventListener("abort", stop);
    try {
      stdin.pipe(socket);
      for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
        if (stdout.destroyed || stdout.errored) break;
        if (!stdout.write(chunk)) await drained(stdout);
      }
    } catch (error) {
      failure ??= error;
    } finally {
      signal.removeEventListener("abort", stop);
      stdin.unpipe(socket).pause();
      socket.destroy();
    }
    if (failure !== undefined && !signal.aborted) {
      throw cliError("FAILED", `lost the connection to the engine: ${messageOf(failure)}`, {
        cause: failure,
      });
    }
    return {};
  },
});
