import { type ContextStore, openContexts } from "../../../endpoints/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, single, text } from "../../arguments/option.ts";
import { cliError } from "../../errors.ts";
import { readEndpoint, readTlsFiles } from "../../values/endpoint.ts";
import { forEachName } from "../for-each-name.ts";

export const createContext = defineCommand({
  path: ["context", "create"],
  aliases: [],
  summary: "Give an engine a name",
  args: { usage: "[OPTIONS] CONTEXT", least: 1, most: 1 },
  options: {
    description: text("TEXT", "What it is"),
    docker: single("host=ADDRESS[,ca=FILE,cert=FILE,key=FILE,skip-tls-verify=true]", "Where the engine is", {
      read: readEndpoint,
    }),
  },
  examples: [
    {
      line: "tug context create build --docker host=ssh://me@build.example",
      does: "Name the engine of another machine that ssh leads to",
    },
    {
      line: "tug context create far --docker host=tcp://10.0.0.7:2376,ca=ca.pem,cert=cert.pem,key=key.pem",
      does: "Name one that is reached with TLS",
    },
  ],
  async run({ options, args: [name = ""], context }) {
    const { description = "", docker } = options;
    if (docker === undefined) {
      throw cliError("USAGE", `cannot create context ${name}: nothing says where its engine is`, {
        hint: "add --docker host=ADDRESS",
      });
    }
    const { host, skipTlsVerify } = docker;
    const tls = await readTlsFiles(docker, context.cwd);
    await openContexts(context).create({ name, description, host, skipTlsVerify }, tls);
    return { output: `${name}\n` };
  },
});

export const useContext = defineCommand({
  path: ["context", "use"],
  aliases: [],
  summary: "Use the engine of a context from now on",
  args: { usage: "CONTEXT", least: 1, most: 1, completes: "contexts" },
  options: {},
  examples: [
    { line: "tug context use build", does: "Work with the engine that is called build" },
    { line: "tug context use default", does: "Work with the engine of this machine again" },
  ],
  async run({ args: [name = ""], context }) {
    const store = openContexts(context);
    if (name !== "default") requireElsewhere(await store.find(name));
    await store.use(name);
    return { output: `${name}\n` };
  },
});

/** What is in use is so for Docker's client, too, whose own daemon is at a socket of this machine. @throws CLI_STATE */
function requireElsewhere({
  name,
  host = "",
}: {
  readonly name: string;
  readonly host?: string | undefined;
}): void {
  if (!host.startsWith("unix:")) return;
  throw cliError("STATE", `cannot use context ${name} from now on: it is a socket of this machine`, {
    hint: `name it where it is meant: tug --context ${name}`,
  });
}

export const removeContext = defineCommand({
  path: ["context", "rm"],
  aliases: [["context", "remove"]],
  summary: "Forget contexts",
  args: { usage: "[-f] CONTEXT...", least: 1, completes: "contexts" },
  options: { force: flag("Also the one that is used; the default one is used then", { short: "f" }) },
  examples: [{ line: "tug context rm build", does: "Forget what build leads to" }],
  async run({ options, args, context }) {
    const store = openContexts(context);
    return forEachName(context, args, async (name) => {
      await letGo(store, name, options.force);
      await store.remove(name);
      return `${name}\n`;
    });
  },
});

/** @throws CLI_STATE for the context that is used, unless it may be given up */
async function letGo(store: ContextStore, name: string, force: boolean): Promise<void> {
  if (name === "default" || (await store.current()) !== name) return;
  if (force) return store.use("default");
  throw cliError("STATE", `cannot remove context ${name}: it is the one that is used`, {
    hint: "use another one before, or add --force",
  });
}
