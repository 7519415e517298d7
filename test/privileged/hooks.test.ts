import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Hook, Hooks } from "../../src/specs/oci-runtime/index.ts";
import {
  type Container,
  container,
  differs,
  isDead,
  type StateReport,
  skip,
  succeeded,
} from "./harness/index.ts";

const kinds = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const;

const annotations = { "org.example.rate": "100%p of %t", quotes: '"\\' };

/** A hook that leaves what it sees in files named after it. Both roots have the directory at the same path. */
function recorder(directory: string, name: string, further = ""): Hook {
  const path = join(directory, name);
  const script = [
    `cat > ${path}.input`,
    `echo "$0 $1" > ${path}.arguments`,
    `env > ${path}.environment`,
    `pwd > ${path}.directory`,
    `{ readlink /proc/self/ns/mnt; readlink /proc/self/ns/net; } > ${path}.namespaces`,
    `echo ${name} >> ${directory}/order`,
    further || "true",
  ].join("\n");
  return {
    path: "/bin/sh",
    args: ["sh", "-c", script, "zero", "one"],
    env: [`HOOK=${name}`, "PATH=/bin:/usr/bin"],
  };
}

/** A container with two hooks of each kind, all of which record. */
async function recording(change: (hooks: Hooks, directory: string) => Hooks = (hooks) => hooks) {
  const made = await container({ args: ["sh", "-c", "echo program >> $RECORD/order; sleep 100"] });
  const directory = join(made.directory, "record");
  mkdirSync(directory);
  const plain = Object.fromEntries(
    kinds.map((kind) => [kind, [recorder(directory, kind), recorder(directory, `${kind}-2`)]]),
  );
  const path = join(made.bundle, "config.json");
  const config = JSON.parse(readFileSync(path, "utf8"));
  config.hooks = change(plain, directory);
  config.annotations = annotations;
  config.process.env.push(`RECORD=${directory}`);
  config.mounts.push({ destination: directory, type: "bind", source: directory, options: ["bind", "rw"] });
  writeFileSync(path, JSON.stringify(config));
  const order = (): string[] =>
    existsSync(join(directory, "order")) ? read(directory, "order").split("\n") : [];
  return { made, directory, order };
}

function read(directory: string, name: string): string {
  return readFileSync(join(directory, name), "utf8").trimEnd();
}

const twice = (...names: string[]): string[] => names.flatMap((name) => [name, `${name}-2`]);

test("hooks run in their order: at create, at start before and after the program, at delete", {
  skip: skip || differs({ runc: "1.1 runs poststart at create", crun: "runs them in another order" }),
}, async () => {
  const { made, order } = await recording();
  await using _ = made;
  const atCreate = twice("prestart", "createRuntime", "createContainer");
  succeeded(await made.create());
  assert.deepEqual(order(), atCreate);
  succeeded(await made.start());
  const atStart = order().slice(atCreate.length);
  assert.deepEqual(atStart.slice(0, 2), twice("startContainer"));
  assert.deepEqual(
    atStart.slice(2).filter((name) => name !== "program"),
    twice("poststart"),
  );
  succeeded(await made.kill("KILL"));
  await made.stopped();
  assert.equal(order().includes("poststop"), false);
  succeeded(await made.delete());
  assert.deepEqual(order().slice(-2), twice("poststop"));
  assert.equal(order().filter((name) => name === "program").length, 1);
});

test("each hook gets the state, its arguments and its environment alone", {
  skip: skip || differs({ runc: "1.1 runs poststart at create", crun: "has other states" }),
}, async () => {
  const { made, directory } = await recording();
  await using _ = made;
  succeeded(await made.create());
  const { pid } = await made.state();
  succeeded(await made.start());
  succeeded(await made.delete("--force"));
  const statuses = {
    prestart: ["creating", pid],
    createRuntime: ["creating", pid],
    createContainer: ["creating", 1],
    startContainer: ["created", 1],
    poststart: ["running", pid],
    poststop: ["stopped", undefined],
  } as const;
  for (const kind of kinds) {
    const state = JSON.parse(read(directory, `${kind}.input`)) as StateReport;
    assert.deepEqual([state.id, state.bundle, state.annotations], [made.id, made.bundle, annotations], kind);
    assert.match(state.ociVersion, /^1\./);
    assert.deepEqual([state.status, state.pid || undefined], statuses[kind], kind);
    assert.equal(read(directory, `${kind}.arguments`), "zero one");
    const environment = read(directory, `${kind}.environment`).split("\n");
    const names = environment.map((entry) => entry.split("=")[0] ?? "");
    assert.deepEqual(
      names.filter((name) => !["PWD", "SHLVL", "_"].includes(name)).sort(),
      ["HOOK", "PATH"],
      kind,
    );
  }
});

test("a hook runs in the namespaces of its kind, from the bundle where it runs on the host", {
  skip: skip || differs({ crun: "runs prestart hooks inside" }),
}, async () => {
  const { made, directory } = await recording();
  await using _ = made;
  succeeded(await made.create());
  const { pid } = await made.state();
  const own = ["mnt", "net"].map((name) => readlinkSync(`/proc/${pid}/ns/${name}`));
  const host = ["mnt", "net"].map((name) => readlinkSync(`/proc/self/ns/${name}`));
  succeeded(await made.start());
  succeeded(await made.delete("--force"));
  for (const kind of kinds) {
    const inside = kind === "createContainer" || kind === "startContainer";
    assert.deepEqual(read(directory, `${kind}.namespaces`).split("\n"), inside ? own : host, kind);
  }
  for (const kind of ["prestart", "createRuntime", "poststart"])
    assert.equal(read(directory, `${kind}.directory`), made.bundle, kind);
});

test("a createContainer hook sees the mounts and the host's files, a startContainer hook the root's (rule: create-hook-after-mounts)", {
  skip: skip || differs({ crun: "does not wait for it" }),
}, async () => {
  const { made, directory } = await recording((_, record) => ({
    createContainer: [
      recorder(
        record,
        "createContainer",
        `grep -c ' ${record} ' /proc/self/mountinfo > ${record}/mounts; test -e /etc/os-release -o -e /usr && ls -d ${record}/../bundle > ${record}/host`,
      ),
    ],
    startContainer: [recorder(record, "startContainer", `ls -d /bin/probe > ${record}/inside`)],
  }));
  await using _ = made;
  succeeded(await made.create());
  succeeded(await made.start());
  assert.notEqual(read(directory, "mounts"), "0");
  assert.match(read(directory, "host"), /bundle/);
  assert.equal(read(directory, "inside"), "/bin/probe");
});

test("a hook can prepare the container's network namespace before the program runs (rule: barriers-pair)", {
  skip,
}, async () => {
  await using made = await container({
    args: ["cat", "/proc/sys/net/ipv4/ip_forward"],
    top: {
      hooks: {
        createRuntime: [
          {
            path: "/bin/sh",
            args: [
              "sh",
              "-c",
              `pid=$(sed 's/.*"pid":\\([0-9]*\\).*/\\1/'); nsenter --net=/proc/$pid/ns/net sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'`,
            ],
            env: ["PATH=/usr/bin:/bin"],
          },
        ],
      },
    },
  });
  assert.equal(succeeded(await made.run()).stdout, "1\n");
});

/** What happens where one kind of hook fails: what create and start say, and what has run. */
async function failing(kind: keyof Hooks, hook: (directory: string) => Hook) {
  const { made, directory, order } = await recording((hooks, record) => ({
    ...hooks,
    [kind]: [hook(record), recorder(record, `${kind}-after`)],
  }));
  const created = await made.create();
  const started = created.code === 0 ? await made.start() : undefined;
  return { made, directory, order, created, started };
}

const fails = (directory: string): Hook => recorder(directory, "failing", "exit 3");

for (const kind of ["prestart", "createRuntime", "createContainer"] as const) {
  test(`a ${kind} hook that fails: no further hook, no container, poststop hooks run`, {
    skip: skip || differs({ crun: "runs no poststop hook" }),
  }, async () => {
    const { made, order, created } = await failing(kind, fails);
    await using _ = made;
    assert.notEqual(created.code, 0);
    assert.match(created.stderr, /hook/);
    assert.equal(order().includes(`${kind}-after`), false);
    assert.deepEqual(order().slice(-2), twice("poststop"));
    made.assertNothingLeft();
  });
}

test("a startContainer hook that fails keeps the program from running, and start tells", {
  skip: skip || differs({ runc: "loses it", crun: "loses it" }),
}, async () => {
  const { made, order, started } = await failing("startContainer", fails);
  await using _ = made;
  assert.notEqual(started?.code, 0);
  assert.match(started?.stderr ?? "", /hook.*exited with 3/);
  await made.stopped();
  assert.equal(order().includes("program"), false);
  assert.equal(order().includes("startContainer-after"), false);
});

test("a poststart hook that fails ends the container, and start tells", {
  skip: skip || differs({ runc: "1.1 runs it at create", crun: "goes on" }),
}, async () => {
  const { made, order, started } = await failing("poststart", fails);
  await using _ = made;
  assert.notEqual(started?.code, 0);
  assert.match(started?.stderr ?? "", /hook/);
  await made.stopped();
  assert.equal(order().includes("poststart-after"), false);
});

test("a poststop hook that fails keeps neither the next one nor delete", {
  skip: skip || differs({ runc: "1.1 runs no further one", crun: "says nothing" }),
}, async () => {
  const { made, order } = await failing("poststop", fails);
  await using _ = made;
  const { code, stderr } = await made.delete("--force");
  assert.equal(code, 0);
  assert.match(stderr, /hook/);
  assert.ok(order().includes("poststop-after"));
  made.assertNothingLeft();
});

test("the error of a hook tells its place and how it ended", {
  skip: skip || differs({ runc: "has no places", crun: "has no places" }),
}, async () => {
  for (const [hook, reason] of [
    [{ path: "/bin/sh", args: ["sh", "-c", "exit 7"] }, "it exited with 7"],
    [{ path: "/bin/sh", args: ["sh", "-c", "kill -9 $$"] }, "it was killed by SIGKILL"],
    [{ path: "/nosuch/hook" }, "no such file or directory"],
    [{ path: "/etc/passwd" }, "permission denied"],
    [{ path: "/bin/sleep", args: ["sleep", "100"], timeout: 1 }, "timed out"],
  ] as const) {
    await using made = await container({ top: { hooks: { createRuntime: [{ path: "/bin/true" }, hook] } } });
    const { stderr } = await made.create();
    assert.equal(
      stderr,
      `tug-oci: cannot run hook ${hook.path} (config.json#/hooks/createRuntime/1): ${reason}\n`,
    );
    made.assertNothingLeft();
  }
});

test("a hook that takes too long is killed with all that it has started", {
  skip: skip || differs({ runc: "kills the hook alone", crun: "kills the hook alone" }),
}, async () => {
  const { made, directory, created } = await failing("createRuntime", (record) => ({
    ...recorder(record, "slow", `sleep 100 & echo $! > ${record}/child; wait`),
    timeout: 1,
  }));
  await using _ = made;
  assert.notEqual(created.code, 0);
  assert.ok(isDead(Number(read(directory, "child"))));
  made.assertNothingLeft();
});

test("a hook that reads nothing, closes its input or is sent much does not hang", { skip }, async () => {
  const annotations = Object.fromEntries(
    Array.from({ length: 2000 }, (_, index) => [`key${index}`, "x".repeat(100)]),
  );
  for (const script of ["exec 0<&-", "true", "head -c 10 > /dev/null", "cat > /dev/null"]) {
    await using made = await container({
      args: ["true"],
      top: {
        annotations,
        hooks: {
          createRuntime: [{ path: "/bin/sh", args: ["sh", "-c", script], env: ["PATH=/usr/bin:/bin"] }],
        },
      },
    });
    succeeded(await made.run());
  }
});

test("a hook of kind startContainer runs when the container is started, not when it is created (rule: start-hook-after-start)", {
  skip: skip || differs({ crun: "does not wait for it" }),
}, async () => {
  const { made, order } = await recording((hooks) => ({ startContainer: hooks.startContainer ?? [] }));
  await using _ = made;
  succeeded(await made.create());
  assert.deepEqual(order(), []);
  succeeded(await made.start());
  assert.deepEqual(order().slice(0, 2), twice("startContainer"));
});

test("nothing of the caller leaks into a hook: descriptors, variables", { skip }, async () => {
  const { made, directory } = await recording((_, record) => ({
    createRuntime: [recorder(record, "createRuntime", `ls /proc/self/fd > ${record}/descriptors`)],
  }));
  await using _ = made;
  succeeded(await made.create([], { env: { SECRET: "secret" } }));
  assert.equal(read(directory, "createRuntime.environment").includes("secret"), false);
  assert.deepEqual(read(directory, "descriptors").split("\n").slice(0, 4), ["0", "1", "2", "3"]);
  assert.equal(read(directory, "descriptors").split("\n").length, 4, "the fourth is that of ls itself");
  assert.ok(readdirSync(directory).length > 0);
});

test("without hooks there are none (rule: root-left)", { skip }, async () => {
  await using made: Container = await container({ args: ["ls", "/"] });
  const { stdout } = succeeded(await made.run());
  assert.deepEqual(stdout.trim().split("\n"), ["bin", "dev", "etc", "proc", "sys", "tmp"]);
});

test("a hook without an environment has the caller's, before the program the program's", {
  skip,
}, async () => {
  const script = 'echo "$OUTSIDE $INSIDE" >> "$RECORD/environment"';
  await using made = await container({ args: ["true"] });
  const path = join(made.bundle, "config.json");
  const config = JSON.parse(readFileSync(path, "utf8"));
  const hook = { path: "/bin/sh", args: ["sh", "-c", script] };
  config.hooks = {
    createRuntime: [hook],
    startContainer: [hook],
    poststart: [{ ...hook, env: ["OUTSIDE=own", `RECORD=${made.directory}/record`] }],
  };
  config.process.env.push("INSIDE=inside", "RECORD=/record");
  const record = join(made.directory, "record");
  mkdirSync(record);
  config.mounts.push({ destination: "/record", type: "bind", source: record, options: ["bind", "rw"] });
  writeFileSync(path, JSON.stringify(config));
  succeeded(await made.create([], { env: { OUTSIDE: "outside", RECORD: record } }));
  succeeded(await made.start());
  const lines = readFileSync(join(record, "environment"), "utf8").split("\n");
  assert.deepEqual(lines.toSorted(), ["", " inside", "outside ", "own "]);
});
