import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseIp } from "../../src/network/address/ip.ts";
import { newAddress, newDefaultRoute } from "../../src/network/netlink/address.ts";
import {
  decodeAnswers,
  type NetlinkAnswer,
  type NetlinkMessage,
} from "../../src/network/netlink/datagram.ts";
import {
  getLink,
  hairpinPort,
  type LinkSettings,
  linksOf,
  newBridge,
  newVeth,
  setLink,
} from "../../src/network/netlink/link.ts";
import { type NetlinkRequest, netlinkOp } from "../../src/network/netlink/op.ts";
import { cloneFlags } from "../../src/plan/index.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { type Outcome, run, slot, type TestOp } from "../helper/driver.ts";

/** Network namespaces of a test, kept by files; going out of scope they are released. */
export type Lab = AsyncDisposable & {
  /** The file that keeps a namespace. */
  path(name: string): string;
  /** Sends messages in the namespace of that name; in descriptors of messages slot n is namespace n of `others`. */
  send(name: string, messages: readonly NetlinkMessage[], options?: SendOptions): Promise<Sent>;
  /** Runs a program in a namespace. */
  exec(name: string, ...command: readonly string[]): { code: number | null; stdout: string; stderr: string };
  /** A server in a namespace that tells each client the client's address and a text. */
  listen(name: string, port: number, text: string): Promise<AsyncDisposable>;
  /** What a server says to a client in a namespace, or "no connection" after two seconds. */
  ask(name: string, address: string, port: number): string;
};

const server = `
  my ($port, $text) = @ARGV;
  my $socket = IO::Socket::IP->new(LocalAddr => "::", V6Only => 0, LocalPort => $port, Listen => 9, ReuseAddr => 1) or die $@;
  $| = 1;
  print "ready\n";
  while (my $client = $socket->accept) { print $client $client->peerhost . " " . $text; close $client }`;
const client = `
  my $socket = IO::Socket::IP->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Timeout => 2);
  print $socket ? <$socket> : "no connection"`;
const perl = ["perl", "-MIO::Socket::IP", "-e"] as const;

type SendOptions = Pick<NetlinkRequest, "protocol"> & { others?: readonly string[]; answers?: boolean };
export type Sent = Outcome & { readonly messages: readonly NetlinkAnswer[] };

/** Makes a namespace per name. Loopback is up in each. */
export async function openLab(...names: readonly string[]): Promise<Lab> {
  const directory = await temporaryDirectory();
  const path = (name: string): string => join(directory.path, name);
  const exec: Lab["exec"] = (name, ...command) => {
    const args = [`--net=${path(name)}`, "--", ...command];
    const { status, stdout, stderr } = spawnSync("nsenter", args, { encoding: "utf8", timeout: 20_000 });
    return { code: status, stdout, stderr };
  };
  const lab: Lab = {
    path,
    send: (name, messages, options = {}) => send(path, name, { messages, ...options }),
    exec,
    async listen(name, port, text) {
      const args = [`--net=${path(name)}`, "--", ...perl, server, String(port), text];
      const child = spawn("nsenter", args, { stdio: ["ignore", "pipe", "inherit"] });
      const ended = once(child, "close");
      await Promise.race([once(child.stdout, "data"), ended]);
      return {
        async [Symbol.asyncDispose]() {
          child.kill("SIGKILL");
          await ended;
        },
      };
    },
    ask: (name, address, port) => exec(name, ...perl, client, address, String(port)).stdout,
    async [Symbol.asyncDispose]() {
      await run({ host: names.map((name) => ({ op: "releaseNamespace", path: path(name) })) });
      await directory[Symbol.asyncDispose]();
    },
  };
  await run({
    host: names.map((name, out) => ({ op: "networkNamespace", path: path(name), out: slot(out) })),
  });
  for (const name of names) await lab.send(name, [setLink({ index: 1, up: true })]);
  return lab;
}

async function send(
  path: (name: string) => string,
  name: string,
  { messages, others = [], answers, protocol }: SendOptions & { messages: readonly NetlinkMessage[] },
): Promise<Sent> {
  const open: TestOp[] = [...others, name].map((name, out) => ({
    op: "openNamespace",
    path: path(name),
    kind: cloneFlags.NEWNET,
    out: slot(out),
  }));
  const request = { what: "test", from: "", messages, namespace: slot(others.length) };
  const op = netlinkOp({ ...request, ...(protocol && { protocol }), ...(answers && { tag: 1 }) });
  const outcome = await run({ host: [...open, op] });
  return { ...outcome, messages: decodeAnswers(outcome.data.get(1) ?? Buffer.alloc(0)) };
}

/** A bridge in namespace `host`, with an address. Returns its index. */
export async function addBridge(lab: Lab, name: string, address: string): Promise<number> {
  await expectSuccess(lab.send("host", [newBridge({ name, up: true })]));
  const { messages } = await lab.send("host", [getLink(name)], { answers: true });
  const index = linksOf(messages)[0]?.index ?? 0;
  await expectSuccess(lab.send("host", [newAddress(index, parseIp(address), 24)]));
  return index;
}

/** Connects a namespace with `host` by a pair of links; the far one is number 2 and called eth0. */
export async function connect(
  lab: Lab,
  name: string,
  { address, gateway, near }: { address: string; gateway: string; near: LinkSettings },
): Promise<void> {
  const pair = newVeth({ name: `v-${name}`, up: true, ...near }, { name: "eth0", index: 2, namespace: 0 });
  await expectSuccess(lab.send("host", [pair], { others: [name] }));
  await expectSuccess(lab.send("host", [hairpinPort({ name: `v-${name}` })]));
  await expectSuccess(
    lab.send(name, [
      setLink({ index: 2, up: true }),
      newAddress(2, parseIp(address), 24),
      newDefaultRoute(2, parseIp(gateway)),
    ]),
  );
}

export async function expectSuccess(sent: Promise<Sent>): Promise<Sent> {
  const outcome = await sent;
  if (outcome.failure !== undefined) throw new Error(`refused: ${JSON.stringify(outcome.failure)}`);
  return outcome;
}
