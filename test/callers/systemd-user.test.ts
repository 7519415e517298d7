import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { needsBox } from "../e2e/harness/index.ts";
import { makeReachable, makeRootfs, plainConfig } from "../privileged/harness/index.ts";
import {
  aloneRuntime,
  needsSystemd,
  onOwnMachine,
  type Program,
  type Systemd,
  startSystemd,
  until,
} from "./harness/index.ts";

/** A user that no machine has. */
const USER = 43_210;

/** The unit that is a user's service manager, in the place of the one that a login would start. */
const UNIT = "tug-test-user.service";
const MANAGER = `/system.slice/${UNIT}`;
const GROUP = `${MANAGER}/user.slice/pre-web.scope`;

/** In a hybrid hierarchy scopes without a process were seen to stay for as long as systemd was asked. */
const hybrid =
  !existsSync("/sys/fs/cgroup/cgroup.controllers") &&
  "needs control groups v2 with controllers: elsewhere systemd misses that a group has become empty";

onOwnMachine(import.meta.filename, needsBox() || needsSystemd() || hybrid, () => {
  describe("control groups through a user's own systemd", declare);
});

function declare(): void {
  const run = `/run/tug-test-user-${process.pid}`;
  let directory: string;
  let bundle: string;
  let systemd: Systemd;
  let oci: Program;
  let withoutManager: Program;
  let fromOutside: Program;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "t-"));
    bundle = join(directory, "bundle");
    await mkdir(bundle);
    await makeRootfs(join(bundle, "rootfs"));
    await mkdir(run, { mode: 0o700 });
    systemd = await startSystemd(directory);
    const [nsenter = "", ...words] = systemd.within;
    const enter = (...command: string[]) =>
      execFileSync(nsenter, [...words, ...command], { encoding: "utf8" });
    await makeReachable(enter, join(directory, "aside"));
    await startManager();
    const { path } = await aloneRuntime(directory);
    execFileSync("chown", ["--recursive", `${USER}:${USER}`, run, bundle]);
    execFileSync("chmod", ["0755", directory]);
    const call = (runtimeDirectory: string, behind = enterGroup()): Program => {
      const asUser = [`--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", "--inh-caps=-all", "--"];
      const command = ["env", `XDG_RUNTIME_DIR=${runtimeDirectory}`, path, "--systemd-cgroup"];
      return systemd.inside([...behind, "setpriv", ...asUser, ...command, "--root", join(bundle, "state")]);
    };
    oci = call(run);
    withoutManager = call("");
    fromOutside = call(run, []);
  });
  after(async () => {
    await systemd?.[Symbol.asyncDispose]();
    await rm(run, { recursive: true, force: true });
  });

  const startManager = async (): Promise<void> => {
    execFileSync("chown", [`${USER}:${USER}`, run]);
    const etc = join(directory, "systemd/root/etc");
    const unit = [
      ...["[Unit]", "DefaultDependencies=no", "[Service]", "Type=notify", "Delegate=yes"],
      ...[`User=${USER}`, `Group=${USER}`, `Environment=XDG_RUNTIME_DIR=${run} HOME=/tmp`],
      "ExecStart=/usr/lib/systemd/systemd --user --unit=tug-test.target --log-target=console",
    ];
    // The manager's root is mounted in there alone.
    const script = 'mkdir -p "$(dirname "$0")" && printf %s "$1" >"$0"';
    const put = (name: string, text: string) =>
      systemd.inside(["sh", "-c", script, join(etc, name), text]).ok([]);
    await put("systemd/user/tug-test.target", "[Unit]\nDefaultDependencies=no\n");
    await put("passwd", `root:x:0:0::/:/bin/sh\nuser:x:${USER}:${USER}::/tmp:/bin/sh\n`);
    await put("group", `root:x:0:\nuser:x:${USER}:\n`);
    await put(`systemd/system/${UNIT}`, `${unit.join("\n")}\n`);
    await systemd.systemctl.ok(["daemon-reload"]);
    await systemd.systemctl.ok(["start", UNIT]);
  };
  /** Puts the caller where a user's services are: from elsewhere the kernel lets nobody but root move a process there. */
  const enterGroup = (): string[] => {
    const group = `/sys/fs/cgroup${MANAGER}/caller`;
    const give = `chown ${USER}:${USER} ${group} ${group}/cgroup.procs`;
    return ["sh", "-c", `mkdir -p ${group} && ${give} && echo $$ >${group}/cgroup.procs && exec "$@"`, "sh"];
  };
  const configure = async (args: readonly string[], linux: Record<string, unknown> = {}) => {
    const config = plainConfig("systemd-user", { args: [...args] });
    const own = [{ containerID: 0, hostID: USER, size: 1 }];
    const namespaces = [
      ...(config.linux?.namespaces?.filter(({ type }) => type !== "cgroup") ?? []),
      { type: "user" },
    ];
    const changed = { ...config.linux, namespaces, uidMappings: own, gidMappings: own, ...linux };
    const whole = { cgroupsPath: ":pre:web", ...changed };
    await writeFile(join(bundle, "config.json"), JSON.stringify({ ...config, linux: whole }));
  };
  const isThere = async (): Promise<boolean> =>
    (await systemd.inside(["test", "-e", `/sys/fs/cgroup${GROUP}`]).run([])).code === 0;
  const file = (name: string) => systemd.inside(["cat", `/sys/fs/cgroup${GROUP}/${name}`]).ok([]);

  test("run: in a scope of the user's manager, which is gone afterwards", async () => {
    await configure(["sh", "-c", "grep ^0: /proc/self/cgroup; exit 7"]);
    for (const _ of [1, 2]) {
      const { code, stdout, stderr } = await oci.run(["run", "--bundle", bundle, "web"]);
      assert.deepEqual([code, stdout], [7, `0::${GROUP}\n`], stderr);
      await until("the scope is gone", async () => !(await isThere()));
    }
  });

  test("create, update, start, exec, kill, delete: with the limits that are asked for", async () => {
    await configure(["sleep", "1000"], { resources: { pids: { limit: 9 } } });
    await oci.ok(["create", "--bundle", bundle, "web"]);
    try {
      assert.equal(await file("pids.max"), "9");
      await oci.ok(["update", "--pids-limit", "7", "web"]);
      assert.equal(await file("pids.max"), "7");
      await oci.ok(["start", "web"]);
      assert.equal(await oci.ok(["exec", "web", "grep", "^0:", "/proc/self/cgroup"]), `0::${GROUP}`);
      await oci.ok(["kill", "web", "KILL"]);
      await until(
        "it has ended",
        async () => JSON.parse(await oci.ok(["state", "web"])).status === "stopped",
      );
      await oci.ok(["delete", "web"]);
      await until("the scope is gone", async () => !(await isThere()));
    } finally {
      await oci.run(["delete", "--force", "web"]);
    }
  });

  test("from outside of the manager's group it is refused with what to do", async () => {
    await configure(["true"]);
    const { code, stderr } = await fromOutside.run(["run", "--bundle", bundle, "web"]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^tug-oci: cannot put a process into pre-web\.scope: the caller runs in \/\S*, outside of /,
    );
    assert.match(stderr, /systemd-run --user --scope/);
    assert.equal((await oci.run(["state", "web"])).code, 1);
  });

  test("without a manager that the environment tells of, it is refused with what to do", async () => {
    await configure(["true"]);
    const { code, stderr } = await withoutManager.run(["run", "--bundle", bundle, "web"]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^tug-oci: cannot make control groups through systemd: only root may ask the machine's/,
    );
    assert.match(stderr, /XDG_RUNTIME_DIR/);
  });
}
