import type { Client } from "../../api/docker/client/index.ts";
import { TugError } from "../../base/index.ts";
import { defineCommand, type Example, type Outcome } from "../arguments/command.ts";
import { choice, flag, text } from "../arguments/option.ts";
import type { CliContext } from "../context.ts";
import { cliError } from "../errors.ts";
import { isPlace } from "../values/place.ts";
import { platformOption } from "./image/platform-option.ts";
import { credsOption, tlsVerifyOption } from "./image/remote/access.ts";
import { describeLooked, lookAt } from "./image/remote/look.ts";
import { inspectAll } from "./inspect-all.ts";

/** Finds an object by name; `notFound` when there is none. */
type Find = (client: Client, name: string) => Promise<object>;

const containerFinder =
  (size: boolean): Find =>
  (client, name) =>
    client.containers.inspect(name, { size });

const findImage: Find = (client, name) => client.images.inspect(name);

const findNetwork: Find = (client, name) => client.networks.inspect(name);

const findVolume: Find = (client, name) => client.volumes.inspect(name);

const format = text("FORMAT", "json, or a template for each object", { short: "f" });
const size = flag("Sizes on disk of containers too", { short: "s" });

export const inspect = defineCommand({
  path: ["inspect"],
  aliases: [],
  summary: "Show everything about containers, images, networks and volumes",
  args: { usage: "NAME...", least: 1, completes: "containers" },
  repeatable: true,
  options: {
    format,
    size,
    type: choice("KIND", "Look for one kind only", { words: ["container", "image", "network", "volume"] }),
  },
  examples: [{ line: "tug inspect -f '{{.State.Pid}}' web", does: "Print one fact about a container" }],
  async run({ options, args, connect, context }) {
    const finders = {
      container: containerFinder(options.size),
      image: findImage,
      network: findNetwork,
      volume: findVolume,
    };
    const kinds = options.type === undefined ? Object.values(finders) : [finders[options.type]];
    const find: Find = async (client, name) => {
      for (const finder of kinds) {
        const found = await finder(client, name).catch(unlessMissing);
        if (found !== undefined) return found;
      }
      throw cliError("OBJECT", `no such object: ${name}`);
    };
    return inspectFound({ context, client: await connect(), names: args, find, format: options.format });
  },
});

export const inspectContainer = defineCommand({
  path: ["container", "inspect"],
  aliases: [],
  summary: "Show everything about containers",
  args: { usage: "CONTAINER...", least: 1, completes: "containers" },
  repeatable: true,
  options: { format, size },
  examples: [{ line: "tug container inspect web", does: "Show all that there is to know" }],
  async run({ options, args, connect, context }) {
    const find = containerFinder(options.size);
    return inspectFound({ context, client: await connect(), names: args, find, format: options.format });
  },
});

export const inspectImage = defineCommand({
  path: ["image", "inspect"],
  aliases: [],
  summary: "Show everything about images, here or elsewhere",
  args: { usage: "IMAGE|PLACE...", least: 1, completes: "images" },
  repeatable: true,
  options: {
    config: flag("Print the configuration as it is"),
    creds: credsOption,
    format,
    platform: platformOption("Choose a platform of an image that has several"),
    raw: flag("Print the manifest or index as it is"),
    "tls-verify": tlsVerifyOption,
  },
  examples: [
    { line: "tug image inspect -f '{{json .Config.Env}}' debian", does: "Print an image's variables" },
    { line: "tug image inspect docker://debian:12", does: "Look at an image without fetching it" },
  ],
  async run({ options, args, connect, context, signal }) {
    const client = await connect();
    const look = (name: string) => lookAt(client, name, { context, values: options, signal });
    if (options.raw || options.config) {
      const looked = await Promise.all(args.map(look));
      return { output: looked.map(({ Raw, Config }) => (options.raw ? Raw : Config)).join("\n") };
    }
    const find: Find = async (_, name) =>
      isPlace(name) ? describeLooked(name, await look(name)) : await findImage(client, name);
    return inspectFound({
      context,
      client,
      names: args,
      find,
      format: options.format,
    });
  },
});

export const inspectNetwork = plainInspect("network", {
  summary: "Show everything about networks",
  example: { line: "tug network inspect web", does: "Show subnets and who is connected" },
  find: findNetwork,
});

export const inspectVolume = plainInspect("volume", {
  summary: "Show everything about volumes",
  example: { line: "tug volume inspect -f {{.Mountpoint}} data", does: "Print where a volume's files are" },
  find: findVolume,
});

type Plain = { readonly summary: string; readonly example: Example; readonly find: Find };

/** The command that shows everything about things of one kind, found by name. */
function plainInspect(kind: "network" | "volume", { summary, example, find }: Plain) {
  return defineCommand({
    path: [kind, "inspect"],
    aliases: [],
    summary,
    args: { usage: `${kind.toUpperCase()}...`, least: 1, completes: `${kind}s` as const },
    options: { format },
    examples: [example],
    async run({ options, args, connect, context }) {
      const client = await connect();
      return inspectFound({ context, client, names: args, find, format: options.format });
    },
  });
}

type Inspection = {
  readonly context: CliContext;
  readonly client: Client;
  readonly names: readonly string[];
  readonly find: Find;
  readonly format: string | undefined;
};

function inspectFound({ client, find, ...rest }: Inspection): Promise<Outcome> {
  return inspectAll({ ...rest, find: (name) => find(client, name) });
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof TugError) || error.kind !== "notFound") throw error;
}
