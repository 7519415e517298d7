import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Somebody who takes datagrams at a unix socket, as daemons of logs do: Node has no such sockets, Perl has. */
export type DatagramListener = AsyncDisposable & {
  /** Everything that has come so far, in its order. */
  readonly received: readonly string[];
  /** Resolves when so many have come. */
  count(number: number): Promise<readonly string[]>;
};

const script = `
use Socket;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die;
unlink $ARGV[0];
bind($socket, pack_sockaddr_un($ARGV[0])) or die;
$| = 1;
print "listening\\n";
sleep while $ARGV[1];
while (defined recv($socket, my $text, 1 << 20, 0)) { print unpack("H*", $text), "\\n"; }
`;

/**
 * Listens at a path until it is disposed of; the socket's file stays.
 *
 * @param deaf takes nothing that comes
 */
export async function listenDatagrams(path: string, { deaf = false } = {}): Promise<DatagramListener> {
  const child = spawn("perl", ["-e", script, path, deaf ? "1" : "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const lines = createInterface(child.stdout);
  await once(lines, "line");
  const received: string[] = [];
  const waiting = new Set<() => void>();
  lines.on("line", (line) => {
    received.push(Buffer.from(line, "hex").toString());
    for (const look of waiting) look();
  });
  return {
    received,
    count: (number) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (received.length < number) return;
          waiting.delete(look);
          resolve(received);
        };
        waiting.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
