import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import { mkdir, open, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { needsBox, until } from "../e2e/harness/index.ts";
import { type CommandResult, startProcess, startTug, type TugInstance } from "../environment/index.ts";
import { makeRootfs, plainConfig } from "../privileged/harness/index.ts";
import { copyPackage } from "./package-copy.ts";
import { childrenOf, processes, spawnerPid } from "./processes.ts";
import { runProgram } from "./run-program.ts";

/** Everything that a program sees of its caller, as lines. */
const SEEN = `id; pwd; umask; env; cat; ls /proc/self/fd; cat <&3; grep -v -e "^0:" /proc/self/cgroup
  grep -E "^(Sig(Ign|Blk)|NoNewPrivs|Seccomp|Cap...):" /proc/self/status; echo to-stderr >&2; exit 7`;

/** Commands of `tug-oci` on a bundle, each with its caller's shell around it. */
const commands: readonly (readonly [name: string, script: string])[] = [
  ["version", '"$OCI" --version'],
  ["help", '"$OCI" --help'],
  ["spec", '"$OCI" spec --bundle . && cat config.json && rm config.json'],
  ["run", 'cp seen.json config.json; umask 027; printf typed | X=1 "$OCI" run --preserve-fds 1 seen 3<data'],
  [
    "a configuration of another name",
    'cp missing.json config.json; "$OCI" run --config seen.json other </dev/null 3<data',
  ],
  [
    "the last of two bundles",
    'mkdir one; cp missing.json one/config.json; cp seen.json config.json; "$OCI" run -b one --bundle=one/.. last </dev/null 3<data',
  ],
  ["a bundle called run", 'mkdir run; mv config.json run; "$OCI" run -b run elsewhere; mv run/config.json .'],
  ["a program that is not there", 'cp missing.json config.json; "$OCI" run missing'],
  ["a configuration that is not there", 'rm -f config.json; "$OCI" run none'],
  [
    "create",
    'cp wait.json config.json; "$OCI" create --pid-file pid wait </dev/null >out 2>&1; cat out; test -s pid',
  ],
  [
    "who made it",
    "cut -d ' ' -f 4 /proc/$(cat pid)/stat | grep -x -e $PPID -e 1 >/dev/null && echo somebody else",
  ],
  ["twice", '"$OCI" create wait </dev/null'],
  ["state", '"$OCI" state wait'],
  ["list", '"$OCI" list -q'],
  ["start", '"$OCI" start wait'],
  ["kill", '"$OCI" kill wait USR1; while "$OCI" state wait | grep -q running; do sleep 0.05; done; cat out'],
  ["delete", '"$OCI" delete wait'],
  ["state of nobody", '"$OCI" state wait'],
  [
    "in a directory that is gone",
    'mkdir gone; cd gone; rmdir ../gone; "$OCI" list -q; "$OCI" --root sub state wait; "$OCI" create wait; "$OCI" delete -f wait',
  ],
  [
    "a signal",
    'cp wait.json config.json; rm -f told; "$OCI" run wait >told & until grep -qs ready told; do sleep 0.05; done; kill -USR1 $!; wait $!; code=$?; cat told; exit $code',
  ],
  ["a log", '"$OCI" --log log.json --log-format json state wait; sed "s/,.time.*//" log.json'],
];

async function makeBundle(path: string): Promise<void> {
  await mkdir(path);
  await makeRootfs(join(path, "rootfs"));
  const write = (name: string, args: readonly string[]) =>
    writeFile(join(path, `${name}.json`), JSON.stringify(plainConfig(name, { args })));
  await write("seen", ["sh", "-c", SEEN]);
  await write("missing", ["/missing"]);
  await write("wait", [
    "sh",
    "-c",
    "trap 'echo told; exit 9' USR1; echo ready; while :; do sleep 0.05; done",
  ]);
  await writeFile(join(path, "data"), "from descriptor 3\n");
}

/** What every command printed and how it ended, without what differs from run to run. */
async function playAll(bundle: string, env: Record<string, string>): Promise<Record<string, CommandResult>> {
  const results: Record<string, CommandResult> = {};
  for (const [name, script] of commands) {
    const { code, stdout, stderr } = await runProgram(["sh", "-c", `cd "$BUNDLE"; ${script}`], {
      PATH: process.env.PATH,
      BUNDLE: bundle,
      ...env,
    });
    results[name] = { code, stdout: plain(stdout, bundle), stderr: plain(stderr, bundle) };
  }
  return results;
}

function plain(text: string, bundle: string): string {
  return text
    .replaceAll(bundle, "BUNDLE")
    .replace(/"pid": \d+/g, '"pid": PID')
    .replace(/"created": "[^"]*"/g, '"created": "THEN"');
}

/** Makes a `tug-oci` that has no Node: it works only through a resident process. */
async function withoutNode(instance: TugInstance): Promise<string> {
  const { path } = await copyPackage(instance, "without-node");
  await rm(join(path, "node_modules"));
  const program = join(path, "tug-oci");
  await symlink("dist/helper/tug-helper", program);
  return program;
}

describe("tug-oci with and without an engine", { skip: needsBox() }, () => {
  test("has the same result", async () => {
    await using instance = await startTug();
    const bundles = [join(instance.directory, "one"), join(instance.directory, "two")] as const;
    for (const bundle of bundles) await makeBundle(bundle);
    const { path } = await copyPackage(instance, "with-node");
    const program = join(path, "tug-oci");
    await symlink("dist/helper/tug-helper", program);
    const shim = async (at: string, name: string): Promise<Record<string, string>> => {
      const oci = join(instance.directory, `${name}.sh`);
      await writeFile(oci, `#!/bin/sh\nexec ${at} --root ${join(instance.directory, name)} "$@"\n`, {
        mode: 0o755,
      });
      return { OCI: oci, TUG_RUN_ROOT: instance.run };
    };
    const alone = await playAll(bundles[0], await shim(program, "root"));
    assert.deepEqual(readdirSync(instance.data), [], "it has started an engine");
    assert.equal((await instance.tug(["ps"])).code, 0);
    const resident = await playAll(bundles[1], await shim(await withoutNode(instance), "root"));
    assert.deepEqual(resident, alone);
    assert.match(alone.run?.stdout ?? "", /typed/);
    assert.match(alone.run?.stdout ?? "", /from descriptor 3/);
    const gone = alone["in a directory that is gone"];
    assert.equal(gone?.code, 0, gone?.stderr);
    assert.match(gone?.stderr ?? "", /BUNDLE\/gone \(deleted\)\/config.json/);
    assert.deepEqual(
      ["run", "a configuration of another name", "the last of two bundles", "a signal", "delete"].map(
        (name) => alone[name]?.code,
      ),
      [7, 7, 7, 9, 0],
    );
  });

  test("goes on without the engine that planned it, and leaves nothing", async () => {
    await using instance = await startTug();
    const bundle = join(instance.directory, "bundle");
    await makeBundle(bundle);
    const args = ["sh", "-c", "echo ready >&2; while [ ! -e /go ]; do sleep 0.05; done; exit 9"];
    await writeFile(join(bundle, "config.json"), JSON.stringify(plainConfig("orphan", { args })));
    assert.equal((await instance.tug(["ps"])).code, 0);
    const root = join(instance.directory, "root");
    await using command = startProcess(
      await withoutNode(instance),
      ["--root", root, "run", "--bundle", bundle, "orphan"],
      { env: { PATH: process.env.PATH, TUG_RUN_ROOT: instance.run } },
    );
    await command.waitForStderr(/ready/);
    await instance.stopEngine("SIGKILL");
    await writeFile(join(bundle, "rootfs/go"), "");
    await until("the command has ended", () => command.child.exitCode !== null);
    assert.equal(command.child.exitCode, 9, command.stderr());
    assert.deepEqual(readdirSync(root), []);
  });

  test("executes plans from a file that nobody can write, whatever the caller left it", async () => {
    await using instance = await startTug();
    const bundle = join(instance.directory, "bundle");
    await makeBundle(bundle);
    const args = ["sh", "-c", "echo ready >&2; while [ ! -e /go ]; do sleep 0.05; done"];
    await writeFile(join(bundle, "config.json"), JSON.stringify(plainConfig("kept", { args })));
    assert.equal((await instance.tug(["ps"])).code, 0);
    const program = await withoutNode(instance);
    const root = join(instance.directory, "root");
    for (const streams of ["", "<&-", ">&-"]) {
      const script = `exec "$0" --root ${root} run --bundle ${bundle} kept ${streams}`;
      await using command = startProcess("sh", ["-c", script, program], {
        env: { PATH: process.env.PATH, TUG_RUN_ROOT: instance.run },
      });
      await command.waitForStderr(/ready/);
      await using file = await open(`/proc/${command.child.pid}/exe`);
      await writeFile(join(bundle, "rootfs/go"), "");
      await until("the command has ended", () => command.child.exitCode !== null);
      assert.equal(command.child.exitCode, 0, command.stderr());
      // While it runs, any file would be busy.
      await assert.rejects(open(`/proc/self/fd/${file.fd}`, "r+"), { code: "EROFS" }, streams);
      await rm(join(bundle, "rootfs/go"));
    }
  });

  test("has a network namespace made for the next container, which that one gets alone", async () => {
    await using instance = await startTug();
    const bundle = join(instance.directory, "bundle");
    await makeBundle(bundle);
    const write = (name: string, script: string) =>
      writeFile(
        join(bundle, `${name}.json`),
        JSON.stringify(plainConfig(`alone-${name}`, { args: ["sh", "-c", script] })),
      );
    assert.equal((await instance.tug(["ps"])).code, 0);
    const program = await withoutNode(instance);
    const oci = async (...argv: readonly string[]): Promise<string> => {
      const words = [program, "--root", join(instance.directory, "root"), ...argv];
      const { code, stdout, stderr } = await runProgram(words, {
        PATH: process.env.PATH,
        TUG_RUN_ROOT: instance.run,
      });
      assert.equal(code, 0, stderr);
      return stdout.trim();
    };
    const kept = () =>
      childrenOf(spawnerPid(instance.run)).filter(({ title }) => title.startsWith("tug:[network]"));
    const next = async () => {
      await until("the next one is there", () => kept().length === 1);
      const pid = kept()[0]?.pid ?? 0;
      return { pid, namespace: readlinkSync(`/proc/${pid}/ns/net`) };
    };
    await write("config", "readlink /proc/self/ns/net");
    await oci("run", "-b", bundle, "first");
    for (const id of ["second", "third"]) {
      const { pid, namespace } = await next();
      assert.equal(await oci("run", "-b", bundle, id), namespace);
      await until("its keeper has ended", () => !kept().some((keeper) => keeper.pid === pid));
    }
    const { namespace } = await next();
    const ids = ["fourth", "fifth", "sixth"].map((name) => `${name}-${basename(instance.directory)}`);
    await using cleanUp = new AsyncDisposableStack();
    for (const id of ids) {
      await write(id, "sleep 1000");
      cleanUp.defer(async () => void (await oci("delete", "-f", id)));
    }
    // Their output is not the caller's, which would wait for its end.
    const detached = `${program} --root ${join(instance.directory, "root")} run -d -b ${bundle} --config ${bundle}/$0.json $0 >/dev/null 2>$0; code=$?; cat $0 >&2; exit $code`;
    const runs = ids.map((id) =>
      runProgram(["sh", "-c", `cd ${bundle}; ${detached}`, id], {
        PATH: process.env.PATH,
        TUG_RUN_ROOT: instance.run,
      }),
    );
    for (const { code, stderr } of await Promise.all(runs)) assert.equal(code, 0, stderr);
    const states = await Promise.all(ids.map(async (id) => JSON.parse(await oci("state", id))));
    const seen = states.map(({ pid }) => readlinkSync(`/proc/${pid}/ns/net`));
    assert.equal(new Set(seen).size, ids.length);
    assert.ok(seen.includes(namespace));
    await cleanUp.disposeAsync();
    await next();
    const keepers = childrenOf(spawnerPid(instance.run)).map(({ pid }) => pid);
    await instance.stopEngine("SIGKILL");
    await until("nobody keeps anything", () => processes().every(({ pid }) => !keepers.includes(pid)));
  });

  test("never starts one, whatever it is asked for and whoever asks", async () => {
    await using instance = await startTug();
    const bundle = join(instance.directory, "bundle");
    await makeBundle(bundle);
    const { path } = await copyPackage(instance, "package");
    const program = join(path, "tug-oci");
    await symlink("dist/helper/tug-helper", program);
    const before = titles();
    const env = { PATH: process.env.PATH, TUG_RUN_ROOT: instance.run, TUG_DATA_ROOT: instance.data };
    await runProgram(
      ["sh", "-c", `cd ${bundle} && cp seen.json config.json && ${program} run x 3<data`],
      env,
    );
    await runProgram([program, "list"], env);
    assert.deepEqual(readdirSync(instance.data), []);
    assert.deepEqual(
      titles().filter((title) => !before.includes(title) && title.includes(instance.directory)),
      [],
    );
    assert.equal(await readFile(join(instance.run, "engine.pid")).catch(() => "none"), "none");
  });
});

function titles(): string[] {
  return processes().map(({ title }) => title);
}
