import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import type { Client } from "../../../api/docker/client/index.ts";
import { openNewFile, reasonOf, TugError } from "../../../base/index.ts";
import { dockerApi } from "../../../specs/index.ts";
import type { CliContext } from "../../context.ts";
import { cliError } from "../../errors.ts";
import { displayProgress } from "../../progress/display.ts";
import { write } from "../../write.ts";
import type { CreateValues } from "./create-body.ts";
import { nameOptions } from "./option-of-pointer.ts";

export type CreateContainer = {
  readonly client: Client;
  readonly context: CliContext;
  readonly body: dockerApi.CreateBody;
  readonly values: CreateValues;
};

/**
 * Makes a container, pulling its image if the options say so, and writes its id to the file of --cidfile.
 *
 * @returns its id
 */
export async function createContainer(creating: CreateContainer): Promise<string> {
  const { values, context } = creating;
  if (values.cidfile === undefined) return create(creating);
  const path = resolve(context.cwd, values.cidfile);
  const file = await openNewFile(path, context.umask).catch((cause) => {
    const hint = "make sure that no other container uses it, or delete it";
    throw cliError("FILE", `cannot create ${path} (--cidfile): ${reasonOf(cause)}`, { cause, hint });
  });
  let written = false;
  try {
    const id = await create(creating);
    await file.writeFile(id);
    written = true;
    return id;
  } finally {
    await file.close();
    if (!written) await rm(path, { force: true });
  }
}

async function create(creating: CreateContainer): Promise<string> {
  const { client, context, body, values } = creating;
  if (values.runtime === "runc") await requireRunc(client);
  if (values.pull === "always") await pull(creating);
  const options = { name: values.name, platform: platformOf(creating) };
  const once = () => client.containers.create(body, options);
  const { Id, Warnings } = await once()
    .catch(async (error) => {
      if (!isMissingImage(error) || values.pull === "never" || values.pull === "always") throw error;
      if (!values.quiet) {
        const name = dockerApi.taggedReference(body.Image ?? "");
        await write(context.stderr, `Unable to find image '${name}' locally\n`);
      }
      await pull(creating);
      return once();
    })
    .catch((error) => {
      throw nameOptions(error);
    });
  for (const warning of Warnings) await write(context.stderr, `WARNING: ${warning}\n`);
  return Id;
}

/** Docker's clients send the name without meaning it; whoever writes it here does. */
async function requireRunc(client: Client): Promise<void> {
  const { Runtimes } = await client.system.info();
  if (Object.hasOwn(Runtimes, "runc")) return;
  throw cliError("OBJECT", "cannot create the container: there is no runtime runc (--runtime)", {
    hint: `use ${Object.keys(Runtimes).join(", ")}, install runc, or name its program in the engine's configuration`,
  });
}

/** Progress goes to stderr: stdout is the container's, or for its id. */
async function pull({ client, context, body, values, ...rest }: CreateContainer): Promise<void> {
  const platform = platformOf({ client, context, body, values, ...rest });
  const messages = client.images.pull(body.Image ?? "", { platform });
  if (values.quiet) {
    for await (const _ of messages);
    return;
  }
  const width = context.terminal.size()?.width ?? 80;
  await displayProgress(messages, context.stderr, { terminal: context.terminal.stderr, width });
}

function platformOf({ values, context }: CreateContainer): string | undefined {
  return values.platform ?? (context.env.DOCKER_DEFAULT_PLATFORM || undefined);
}

/** Not every "not found" is about the image: other containers can be named too. */
function isMissingImage(error: unknown): boolean {
  if (!(error instanceof TugError) || error.kind !== "notFound") return false;
  return error.details.image !== undefined || /^no such image/i.test(error.message);
}
