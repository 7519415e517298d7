import { defineCommand } from "../../arguments/command.ts";
import { single, text, texts } from "../../arguments/option.ts";
import { readCpus, readInteger, readSize } from "../../values/numbers.ts";
import { badValue } from "../../values/words.ts";
import { forEachName } from "../for-each-name.ts";

export const createSocket = defineCommand({
  path: ["system", "socket", "create"],
  aliases: [],
  summary: "Give others a socket that lets them use a part of the engine",
  args: { usage: "--allow WHAT [OPTIONS] SOCKET", least: 1, most: 1 },
  options: {
    allow: texts(
      "WHAT",
      "What it is for: all, read, containers, containers:exec and so on; see docs/sockets.md",
    ),
    containers: single("N", "How many containers there may be in the scope", {
      read: readInteger(1, 1_000_000),
    }),
    cpus: single("N", "Processors that each container has at most", { read: readCpus }),
    memory: single("SIZE", "Memory that each container has at most", { short: "m", read: readSize }),
    mode: single("MODE", "Permission bits of the socket (default 0600)", { read: readMode }),
    pids: single("N", "Processes that each container has at most", { read: readInteger(1, 4_194_304) }),
    scope: text("NAME", "Scope that is seen through it (default: its own name)"),
    user: text("USER[:GROUP]", "Whose socket it is (default root)"),
  },
  examples: [
    {
      line: "tug system socket create ci --allow containers --allow images:pull --user ci --containers 20 --memory 2g",
      does: "Let the user ci run up to 20 containers, and see no others",
    },
    {
      line: "tug system socket create monitor --allow read --scope ci --mode 0660 --user root:adm",
      does: "Let a group look at what ci does",
    },
  ],
  async run({ options, args: [Name = ""], connect, signal }) {
    const { allow, containers, memory, cpus, pids, scope, user, mode } = options;
    const socket = await (await connect()).sockets.create(
      {
        Name,
        Allow: allow.flatMap((words) => words.split(",")),
        Scope: scope,
        Quota: { Containers: containers, Memory: memory, NanoCpus: cpus, Pids: pids },
        User: user,
        Mode: mode,
      },
      { signal },
    );
    return { output: `${socket.Path}\n` };
  },
});

export const removeSocket = defineCommand({
  path: ["system", "socket", "rm"],
  aliases: [["system", "socket", "remove"]],
  summary: "Take sockets away; what was made through them stays",
  args: { usage: "SOCKET...", least: 1, completes: "sockets" },
  options: {},
  examples: [{ line: "tug system socket rm ci", does: "End everything that is under way through a socket" }],
  async run({ args, connect, context }) {
    const client = await connect();
    return forEachName(context, args, async (name) => {
      await client.sockets.remove(name);
      return `${name}\n`;
    });
  },
});

function readMode(text: string): number {
  if (/^[0-7]{3,4}$/.test(text) && Number.parseInt(text, 8) <= 0o777) return Number.parseInt(text, 8);
  throw badValue("it is not an octal number such as 0660");
}
