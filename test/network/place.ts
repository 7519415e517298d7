import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { openDatabase, silentLogger } from "../../src/base/index.ts";
import { createHelper } from "../../src/helper/index.ts";
import { type Networks, networkMigrations, openNetworks } from "../../src/network/index.ts";
import { deleteLink, setLink } from "../../src/network/netlink/link.ts";
import { type NetlinkRequest, netlinkOp } from "../../src/network/netlink/op.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { helperPath } from "../helper/driver.ts";

/** Networks in this process's network namespace, with records of their own. Only for files that use `inOwnNetwork`. */
export type Place = AsyncDisposable & {
  readonly networks: Networks;
  /** The networks of a successor, with the same records. */
  reopen(): Promise<Networks>;
  readonly namespaces: string;
};

const helper = createHelper(helperPath);

/** Sends messages in this process's network namespace. */
export async function send(request: Pick<NetlinkRequest, "protocol" | "messages" | "ignore">): Promise<void> {
  await helper.execute({ host: [netlinkOp({ what: "test", from: "", ...request })], stage: [], init: [] });
}

/** Going out of scope, all that the networks have made is gone. */
export async function openPlace(): Promise<Place> {
  await send({ messages: [setLink({ index: 1, up: true })] });
  execFileSync("sh", ["-c", "echo 0 > /proc/sys/net/ipv4/ip_forward"]);
  const directory = await temporaryDirectory();
  const namespaces = join(directory.path, "netns");
  const database = openDatabase(join(directory.path, "db"), networkMigrations);
  await using opened = new AsyncDisposableStack();
  const open = (): Promise<Networks> =>
    openNetworks({ database, helper, logger: silentLogger, namespaces, prefix: "tug" });
  const networks = opened.use(await open());
  const kept = opened.move();
  return {
    networks,
    reopen: async () => kept.use(await open()),
    namespaces,
    async [Symbol.asyncDispose]() {
      await networks.recover(() => false);
      for (const { name } of networks.list().slice(1)) await networks.remove(name);
      await kept.disposeAsync();
      await send({ messages: [deleteLink("tug0")], ignore: ["ENODEV"] });
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** What a script prints in a network namespace. */
export function inside(namespace: string, script: string): string {
  return execFileSync("nsenter", [`--net=${namespace}`, "sh", "-ec", script], { encoding: "utf8" });
}
