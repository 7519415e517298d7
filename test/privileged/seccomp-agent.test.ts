import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import type { LinuxSeccomp } from "../../src/specs/oci-runtime/index.ts";
import { probeLines, probeProgram, temporaryDirectory } from "../environment/index.ts";
import { call, container, skip, succeeded, until } from "./harness/index.ts";

type Message = {
  readonly descriptor: boolean;
  readonly state: {
    readonly fds: readonly string[];
    readonly pid: number;
    readonly metadata?: string;
    readonly state: { id: string; status: string; pid: number; bundle: string; annotations?: object };
  };
};

type Agent = AsyncDisposable & {
  readonly path: string;
  /** What came over its connections so far. */
  messages(): Message[];
};

/** An agent at a socket of its own that makes each call it is asked about return a value. */
async function startAgent(value: number): Promise<Agent> {
  const directory = await temporaryDirectory();
  const path = join(directory.path, "agent");
  const words = ["--pdeathsig", "KILL", "--", probeProgram().path, "agent", path, String(value)];
  const child = spawn("setpriv", words, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk;
  });
  await until("the agent listens", () => output.includes('"listening":true'));
  return {
    path,
    messages: () =>
      probeLines(output.slice(output.indexOf("\n") + 1))
        .filter(({ verb }) => verb === "state")
        .map((line) => line as unknown as Message),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await once(child, "exit");
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** A filter that asks about some calls and allows all others. */
function asking(listenerPath: string | undefined, ...names: string[]): LinuxSeccomp {
  return {
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names, action: "SCMP_ACT_NOTIFY" }],
    ...(listenerPath !== undefined && { listenerPath }),
  };
}

const priority = ["probe", ...call("getpriority", 0, 0)];

for (const noNewPrivileges of [false, true]) {
  test(`an agent is told of the container and decides, no_new_privs ${noNewPrivileges}`, {
    skip,
  }, async () => {
    await using agent = await startAgent(7);
    const seccomp = { ...asking(agent.path, "getpriority"), listenerMetadata: 'a "word", 100%p' };
    const annotations = { "org.example": "50%" };
    await using made = await container({
      args: priority,
      process: { noNewPrivileges },
      linux: { seccomp },
      top: { annotations },
    });
    const created = succeeded(await made.create());
    const { pid } = await made.state();
    const [message] = agent.messages();
    assert.equal(message?.descriptor, true);
    assert.deepEqual(message?.state, {
      ociVersion: "1.3.0",
      fds: ["seccompFd"],
      metadata: 'a "word", 100%p',
      pid,
      state: {
        ociVersion: "1.3.0",
        id: made.id,
        status: "creating",
        bundle: made.bundle,
        annotations,
        pid,
      },
    });
    succeeded(await made.start());
    await made.stopped();
    assert.equal(probeLines(created.output())[0]?.returned, 7);
    assert.equal(agent.messages().length, 1);
  });
}

test("an agent is told of each process that exec makes", { skip }, async () => {
  await using agent = await startAgent(9);
  await using made = await container({
    args: ["sleep", "600"],
    linux: { seccomp: asking(agent.path, "getpriority") },
  });
  succeeded(await made.run(["--detach"]));
  const { pid } = await made.state();
  const { stdout } = succeeded(await made.runtime(["exec", made.id, ...priority]));
  assert.equal(probeLines(stdout)[0]?.returned, 9);
  const [, message] = agent.messages();
  assert.equal(message?.descriptor, true);
  assert.equal(message?.state.state.status, "running");
  assert.equal(message?.state.state.pid, pid);
  assert.notEqual(message?.state.pid, pid);
});

test("what a filter asks about does not keep it from being handed over", { skip }, async () => {
  await using agent = await startAgent(0);
  const seccomp = asking(agent.path, "sendmsg", "sendto", "close", "wait4", "nanosleep", "rt_sigaction");
  await using made = await container({ args: ["echo", "runs"], linux: { seccomp } });
  assert.equal(succeeded(await made.run()).stdout, "runs\n");
});

test("how a startContainer hook ends is seen after it", { skip }, async () => {
  await using agent = await startAgent(0);
  const hooks = { startContainer: [{ path: "/bin/sh", args: ["sh", "-c", "exit 3"] }] };
  await using made = await container({
    args: ["echo", "runs"],
    linux: { seccomp: asking(agent.path, "getpriority") },
    top: { hooks },
  });
  const { code, stderr } = await made.run();
  assert.notEqual(code, 0);
  assert.match(stderr, /exit code 3|exited with 3|status 3/);
});

test("without the agent, or a place for it, nothing is made", { skip }, async () => {
  for (const [path, reason] of [
    ["/nonexistent/agent", /\/nonexistent\/agent/],
    [undefined, /listenerPath/],
  ] as const) {
    await using made = await container({ linux: { seccomp: asking(path, "getpriority") } });
    const { code, stderr } = await made.create();
    assert.notEqual(code, 0);
    assert.match(stderr, reason);
    made.assertNothingLeft();
  }
});

test("a filter that asks about nothing needs no agent", { skip }, async () => {
  const seccomp: LinuxSeccomp = { defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/nonexistent/agent" };
  await using made = await container({ args: ["true"], linux: { seccomp } });
  succeeded(await made.run());
});
