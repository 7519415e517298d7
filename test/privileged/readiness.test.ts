import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import {
  type ConfigOptions,
  type Container,
  container,
  differs,
  skip,
  succeeded,
  until,
} from "./harness/index.ts";

/** A service manager's socket. */
type Manager = AsyncDisposable & {
  readonly env: Readonly<Record<string, string>>;
  /** What has come so far, a message a line, its own line breaks as "|". */
  messages(): string[];
};

const listener = `
  use IO::Socket::UNIX; use Socket; $| = 1;
  my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die "cannot listen: $!";
  print "listening\\n";
  while (defined recv($s, my $m, 4096, 0)) { $m =~ s/\\n/|/g; print "$m\\n"; }`;

/** Listens as a service manager does. Descriptors that come with a message are closed. */
async function listen(path: string): Promise<Manager> {
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", "perl", "-e", listener, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk;
  });
  await until("the manager listens", () => output.includes("listening"));
  return {
    env: { NOTIFY_SOCKET: path },
    messages: () => output.split("\n").slice(1, -1),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await once(child, "close");
    },
  };
}

const place = "/run/notify/notify.sock";
const say = (text: string): string[] => ["datagram", place, text];

/** Says something else, then that it is ready, then goes on until it is killed. */
const service: ConfigOptions = {
  args: ["probe", ...say("STATUS=warm"), ",", ...say("STATUS=x\nREADY=1\nMAINPID=7"), ",", "sleep", "600000"],
};

const theirs = {
  skip: skip || differs({ crun: "puts the socket elsewhere", runc: "1.1 knows no barrier" }),
};

async function stop(made: Container): Promise<void> {
  succeeded(await made.kill("KILL"));
  await made.stopped();
}

test("the program is told of a socket, which everybody may write to", theirs, async () => {
  await using made = await container({
    args: ["probe", "report", ",", "stat", place, ",", "create", "/run/notify/file", ""],
    process: { user: { uid: 1000, gid: 1000 } },
  });
  await using manager = await listen(join(made.directory, "manager"));
  const { stdout } = succeeded(await made.run([], { env: manager.env }));
  assert.match(stdout, /"NOTIFY_SOCKET=\/run\/notify\/notify\.sock"/);
  assert.match(stdout, /"type":"socket","mode":511/);
  assert.match(stdout, /"verb":"create","errno":"EROFS"/);
});

test("without such a socket there is none in the container", { skip }, async () => {
  await using made = await container({ args: ["probe", "report", ",", "stat", "/run/notify"] });
  const { stdout } = succeeded(await made.run());
  assert.doesNotMatch(stdout, /NOTIFY_SOCKET/);
  assert.match(stdout, /"errno":"ENOENT"/);
});

test("start waits until the container is ready, and names its process to the manager", theirs, async () => {
  await using made = await container(service);
  await using manager = await listen(join(made.directory, "manager"));
  succeeded(await made.create([], { env: manager.env }));
  const { pid } = await made.state();
  assert.deepEqual(manager.messages(), []);
  succeeded(await made.runtime(["start", made.id], { env: manager.env }));
  assert.deepEqual(manager.messages(), ["READY=1|", `MAINPID=${pid}|`, "BARRIER=1"]);
  await stop(made);
});

test("a detached run does so too, for a socket with a long name", theirs, async () => {
  await using made = await container(service);
  const name = "n".repeat(100 - made.directory.length);
  await using manager = await listen(join(made.directory, name));
  succeeded(await made.run(["--detach"], { env: manager.env }));
  const { pid } = await made.state();
  assert.deepEqual(manager.messages(), ["READY=1|", `MAINPID=${pid}|`, "BARRIER=1"]);
  await stop(made);
});

test("a run in the foreground stays the process to follow", theirs, async () => {
  await using made = await container(service);
  await using manager = await listen(join(made.directory, "manager"));
  const ended = made.run([], { env: manager.env });
  await until("the manager knows", () => manager.messages().length > 0);
  assert.deepEqual(manager.messages(), ["READY=1|"]);
  await made.kill("KILL");
  assert.equal((await ended).code, 137);
  assert.deepEqual(manager.messages(), ["READY=1|"]);
});

test("a container that ends without a word keeps nobody waiting", theirs, async () => {
  await using made = await container({ args: ["true"] });
  await using manager = await listen(join(made.directory, "manager"));
  succeeded(await made.run(["--detach"], { env: manager.env }));
  assert.deepEqual(manager.messages(), []);
});

test("a manager that is not there is an error of start", theirs, async () => {
  await using made = await container(service);
  const env = { NOTIFY_SOCKET: join(made.directory, "nobody") };
  succeeded(await made.create([], { env }));
  const { code, stderr } = await made.runtime(["start", made.id], { env });
  assert.notEqual(code, 0);
  assert.match(stderr, /cannot tell .*\/nobody that the container is ready/);
});
