import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { reasonOf } from "../../../base/index.ts";
import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { choice, flag, text } from "../../arguments/option.ts";
import type { CliContext } from "../../context.ts";
import { cliError } from "../../errors.ts";
import { write } from "../../write.ts";

export const serveRegistry = defineCommand({
  path: ["registry", "serve"],
  aliases: [],
  summary: "Be a registry, of the images that are in the store",
  args: { usage: "", least: 0, most: 0 },
  options: {
    format: choice("FORMAT", "Requests as lines or as JSON", { words: ["lines", "json"] }),
    listen: text("ADDRESS", "Where to listen (default 127.0.0.1:5000)"),
    mirror: text("REGISTRY", "Fetch what is not here from there, such as docker.io"),
    name: text("NAME", "What clients call the registry, and its images in the store (default its address)"),
    "plain-http": flag("Speak http where other machines can read along, too"),
    quiet: flag("Do not show requests", { short: "q" }),
    "read-only": flag("Refuse pushes and deletions"),
    "tls-cert": text("FILE", "Certificate, with those that it needs, in PEM", { completes: "files" }),
    "tls-key": text("FILE", "Key of the certificate, in PEM", { completes: "files" }),
    users: text("FILE", "Those who may use it, as htpasswd -B writes them", { completes: "files" }),
  },
  examples: [
    { line: "tug registry serve", does: "Take in what is pushed to 127.0.0.1:5000, until Ctrl-C" },
    { line: "tug registry serve --mirror docker.io", does: "Keep what is pulled through it from docker.io" },
    {
      line: "tug registry serve --listen :443 --name registry.example.com --tls-cert cert.pem --tls-key key.pem --users users",
      does: "Serve other machines",
    },
  ],
  async run({ options, connect, context, signal }) {
    if (options.mirror !== undefined && options.name !== undefined) {
      const reason = "a mirror has the name of what it mirrors";
      throw cliError("CONFLICT", `cannot use --name together with --mirror: ${reason}`);
    }
    const body: dockerApi.ServeRegistryBody = {
      Listen: options.listen ?? "127.0.0.1:5000",
      PlainHttp: options["plain-http"],
      ReadOnly: options["read-only"],
      ...(options.name !== undefined && { Name: options.name }),
      ...(options.mirror !== undefined && { Mirror: options.mirror }),
      ...(await readTls(options["tls-cert"], options["tls-key"], context)),
      ...(options.users !== undefined && {
        Users: await readText(options.users, context),
        UsersFile: options.users,
      }),
    };
    const { tug } = await connect();
    for await (const message of tug.serveRegistry(body, { signal })) {
      if (context.stdout.destroyed || context.stdout.errored) break;
      if (options.quiet && "Request" in message) continue;
      const line = options.format === "json" ? JSON.stringify(message) : renderMessage(message);
      await write(context.stdout, `${line}\n`);
    }
    return {};
  },
});

async function readTls(
  certificate: string | undefined,
  key: string | undefined,
  context: CliContext,
): Promise<Pick<dockerApi.ServeRegistryBody, "Certificate" | "Key">> {
  if (certificate === undefined && key === undefined) return {};
  if (certificate === undefined || key === undefined) {
    throw cliError("CONFLICT", "cannot use --tls-cert without --tls-key, or the other way round");
  }
  return { Certificate: await readText(certificate, context), Key: await readText(key, context) };
}

async function readText(name: string, { cwd }: CliContext): Promise<string> {
  const path = resolve(cwd, name);
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw cliError("FILE", `cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
}

/** `2026-01-02T03:04:05.678Z 10.0.0.7 me GET /v2/app/manifests/1 200 528 3ms` */
function renderMessage(message: dockerApi.RegistryMessage): string {
  if ("Listening" in message) {
    const { Name, Url } = message.Listening;
    return `registry ${Name} listens at ${Url}`;
  }
  const { Time, Remote, User = "-", Method, Path, Status, Bytes, Milliseconds, Reason } = message.Request;
  const end = Reason === undefined ? "" : `: ${Reason}`;
  const words = [new Date(Time).toISOString(), Remote, User, Method, Path, Status, Bytes];
  return printable(`${words.join(" ")} ${Math.round(Milliseconds)}ms${end}`);
}

/** What clients send must not reach a terminal as it is. */
function printable(text: string): string {
  return text.replace(
    /[^\x20-\x7e]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
