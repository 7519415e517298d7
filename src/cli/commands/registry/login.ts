import type { Client } from "../../../api/docker/client/index.ts";
import { TugError } from "../../../base/index.ts";
import {
  type Credentials,
  findCredentials,
  keepCredentials,
  keyOfRegistry,
  registryName,
} from "../../../credentials/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, text } from "../../arguments/option.ts";
import type { CliContext } from "../../context.ts";
import { cliError } from "../../errors.ts";
import { formatAuth, placesOf } from "../../registry-auth.ts";
import { promptLine, promptSecret, readSecret } from "../../terminal/prompt.ts";
import { write } from "../../write.ts";

type Values = {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly "password-stdin": boolean;
};

export const login = defineCommand({
  path: ["login"],
  aliases: [],
  summary: "Keep credentials for a registry",
  args: { usage: "[REGISTRY]", least: 0, most: 1 },
  options: {
    password: text("PASSWORD", "Password or token; others on this machine can see it here", { short: "p" }),
    "password-stdin": flag("Read the password from stdin"),
    username: text("NAME", "User's name", { short: "u" }),
  },
  examples: [
    { line: "tug login localhost:5000", does: "Be asked for a name and a password" },
    { line: "cat token | tug login -u me --password-stdin localhost:5000", does: "Log in from a script" },
  ],
  async run({ options, args: [server = ""], connect, context, signal }) {
    checkOptions(options);
    const registry = registryName(server);
    const logIn = tryOn(await connect(), registry, signal);
    const kept = await reuse(options, { registry, context, logIn });
    if (kept) return { output: "Login Succeeded\n" };
    const { username, password } = await ask(options, context);
    const token = await logIn({ username, password });
    const credentials = token === "" ? { username, password } : { identityToken: token };
    const where = await keepCredentials(placesOf(context), { registry, credentials }, { env: context.env });
    if ("file" in where) {
      await write(
        context.stderr,
        `warning: the credentials are kept unencrypted in ${where.file}; a credential helper would keep them safe\n`,
      );
    }
    return { output: "Login Succeeded\n" };
  },
});

/** Tries credentials out. Gives the identity token that the registry gives in the place of a password, or nothing. */
type LogIn = (credentials: Credentials) => Promise<string>;

function tryOn(client: Client, registry: string, signal: AbortSignal): LogIn {
  return async (credentials) => {
    const auth = { ...formatAuth(credentials), serveraddress: keyOfRegistry(registry) };
    return (await client.images.logIn(auth, { signal })).IdentityToken;
  };
}

function checkOptions({ username, password, "password-stdin": fromStdin }: Values): void {
  if (fromStdin && password !== undefined) {
    throw cliError("CONFLICT", "cannot use --password together with --password-stdin");
  }
  if ((fromStdin || password !== undefined) && !username) {
    const option = fromStdin ? "--password-stdin" : "--password";
    throw cliError("CONFLICT", `cannot use ${option} without --username`);
  }
}

/** Whether credentials that are kept already are still good. */
async function reuse(
  { username }: Values,
  { registry, context, logIn }: { registry: string; context: CliContext; logIn: LogIn },
): Promise<boolean> {
  if (username !== undefined) return false;
  const found = await findCredentials(placesOf(context), { env: context.env })(registry);
  if (found === undefined) return false;
  await write(context.stderr, "Authenticating with existing credentials...\n");
  try {
    await logIn(found);
    return true;
  } catch (error) {
    if (!(error instanceof TugError) || error.kind !== "unauthorized" || !context.terminal.stdin) throw error;
    await write(context.stderr, `${error.message}\n`);
    return false;
  }
}

async function ask(values: Values, context: CliContext): Promise<{ username: string; password: string }> {
  const { username, password, "password-stdin": fromStdin } = values;
  if (username && fromStdin) return { username, password: await readSecret(context) };
  if (username && password !== undefined) return { username, password };
  if (!context.terminal.stdin) {
    throw cliError("NO_TERMINAL", "cannot ask for a name and a password: the input is no terminal", {
      hint: "use --username and --password-stdin",
    });
  }
  const name = username || (await promptLine(context, "Username: "));
  if (name === "") throw cliError("VALUE", "cannot log in: no user's name was given");
  const secret = await promptSecret(context, "Password: ");
  if (secret === "") throw cliError("VALUE", "cannot log in: no password was given");
  return { username: name, password: secret };
}
