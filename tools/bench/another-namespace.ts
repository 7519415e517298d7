import { execFileSync } from "node:child_process";
import { debianProgram } from "../../test/environment/index.ts";
import { openLan } from "../../test/network/lan.ts";
import type { CommandLine } from "./contender.ts";
import { MANY_CONNECTIONS } from "./own-namespaces.ts";

/** The address of the bench's own namespace on the link between the two. */
export const ADDRESS = "192.168.50.2";

/** A network namespace beside that of the bench, with a link between the two. */
export type AnotherNamespace = AsyncDisposable & {
  /** A command line that runs in there. */
  inside(command: CommandLine): CommandLine;
};

let opened: Promise<AnotherNamespace> | undefined;

/** Makes the namespace when it is asked for first; it is there until the end of the bench. */
export function anotherNamespace(): Promise<AnotherNamespace> {
  opened ??= open();
  return opened;
}

/** Removes the namespace, if there is one. */
export async function endAnotherNamespace(): Promise<void> {
  await (await opened)?.[Symbol.asyncDispose]();
}

async function open(): Promise<AnotherNamespace> {
  const { lab, [Symbol.asyncDispose]: close } = await openLan();
  const inside = (command: CommandLine): CommandLine => [
    "nsenter",
    `--net=${lab.path("router")}`,
    "--",
    ...command,
  ];
  const [nsenter = "", ...words] = inside(["sh", "-c", MANY_CONNECTIONS]);
  execFileSync(nsenter, words);
  execFileSync(debianProgram("busybox").path, ["ip", "address", "add", `${ADDRESS}/24`, "dev", "lan0"]);
  return { inside, [Symbol.asyncDispose]: close };
}
