import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { debianProgram, pushImage, startProcess, temporaryDirectory } from "../../test/environment/index.ts";
import { type LargeImage, largeImages, makeLargeImage } from "./large-images.ts";

/** One image in registries on loopback, that of the bench and that of daemons, which are in the machine's own network. */
export type Offered = {
  readonly here: string;
  readonly there: string;
  /** How many layers it has. */
  readonly layers: number;
};

/** Words before those of a program that is to be in the machine's own network. */
const outside = ["nsenter", `--net=/proc/${process.ppid}/ns/net`] as const;

let offered: Promise<Readonly<Record<LargeImage, Offered>>> | undefined;
const stack = new AsyncDisposableStack();

/** Makes the images, and offers them by two registries with one storage, until the end of the bench. */
export function offerImages(): Promise<Readonly<Record<LargeImage, Offered>>> {
  offered ??= startAndPush();
  return offered;
}

/** Ends the registries, if there are any. */
export async function endOffers(): Promise<void> {
  await stack.disposeAsync();
}

async function startAndPush(): Promise<Readonly<Record<LargeImage, Offered>>> {
  const { path: directory } = stack.use(await temporaryDirectory());
  const here = await startRegistry(stack, { directory, name: "here" });
  const there = await startRegistry(stack, { directory, name: "there", before: outside });
  const offers: [string, Offered][] = [];
  for (const [index, [name, shape]] of Object.entries(largeImages).entries()) {
    const reference = `bench/large-${index}:latest`;
    await pushImage(`http://${here}`, reference, { image: makeLargeImage(shape), headers: {} });
    offers.push([
      name,
      { here: `${here}/${reference}`, there: `${there}/${reference}`, layers: shape.layers },
    ]);
  }
  return Object.fromEntries(offers) as Record<LargeImage, Offered>;
}

/** Where an image could be sent to, until it is disposed. */
export async function startEmptyRegistry(): Promise<Pick<Offered, "here" | "there"> & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const { path: directory } = opened.use(await temporaryDirectory());
  const here = await startRegistry(opened, { directory, name: "here" });
  const there = await startRegistry(opened, { directory, name: "there", before: outside });
  const kept = opened.move();
  const reference = "bench/sent:latest";
  return {
    here: `${here}/${reference}`,
    there: `${there}/${reference}`,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

type RegistryOptions = {
  /** Has the storage, which several may share. */
  readonly directory: string;
  readonly name: string;
  /** Words before the program's. */
  readonly before?: readonly string[];
};

async function startRegistry(
  stack: AsyncDisposableStack,
  { directory, name, before = [] }: RegistryOptions,
): Promise<string> {
  const file = join(directory, `${name}.json`);
  const config = {
    version: "0.1",
    log: { accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(directory, "storage") } },
    http: { addr: "127.0.0.1:0" },
  };
  await writeFile(file, JSON.stringify(config));
  const [program = "", ...args] = [...before, debianProgram("docker-registry").path, "serve", file];
  const server = stack.use(startProcess(program, args));
  const [, host = ""] = await server.waitForStderr(/listening on (127\.0\.0\.1:\d+)/);
  return host;
}
