import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { boxImage, needsBox } from "../e2e/harness/index.ts";
import { dockerArchive } from "../environment/index.ts";
import { makeReachable, makeRootfs, plainConfig } from "../privileged/harness/index.ts";
import {
  aloneRuntime,
  needsPodman,
  needsSystemd,
  onOwnMachine,
  openPodman,
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
      const command = ["env", `XDG_RUNTIME_DIR=${runtimeDirectory}`, path, "--systemd-cgroup"];
      return systemd.inside([...behind, ...asUser, ...command, "--root", join(bundle, "state")]);
    };
    oci = call(run);
    withoutManager = call("");
    fromOutside = call(run, []);
  });
  after(async () => {
    await systemd?.[Symbol.asyncDispose]();
    await rm(run, { recursive: true, force: true });
  });

  const asUser = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", "--inh-caps=-all", "--"];
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
    await put("systemd/user/tug-test.target", "[Unit]\nDefaultDependencies=no\nWants=dbus.socket\n");
    const bus = "messagebus:x:4321:4321::/:/bin/sh\n";
    await put("passwd", `root:x:0:0::/:/bin/sh\n${bus}user:x:${USER}:${USER}::/tmp:/bin/sh\n`);
    await put("group", `root:x:0:\nmessagebus:x:4321:\nuser:x:${USER}:\n`);
    // By it a user's manager asks the machine's to move a process.
    const daemon = "dbus-daemon --system --address=systemd: --nofork --nopidfile --syslog-only";
    const plain = "[Unit]\nDefaultDependencies=no\n";
    await put("systemd/system/dbus.socket", `${plain}[Socket]\nListenStream=/run/dbus/system_bus_socket\n`);
    await put("systemd/system/dbus.service", `${plain}[Service]\nType=notify\nExecStart=${daemon}\n`);
    await put(`systemd/system/${UNIT}`, `${unit.join("\n")}\n`);
    await systemd.systemctl.ok(["daemon-reload"]);
    await systemd.systemctl.ok(["start", "dbus.socket", "dbus.service"]);
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

  for (const [place, behind] of [
    ["a service of the user's", enterGroup()],
    ["a session", []],
  ] as const)
    test(`podman asks for it, in ${place}`, { skip: needsPodman() }, async () => {
      const own = await mkdtemp(join(bundle, "podman-"));
      const inside = (command: readonly string[], env: Readonly<Record<string, string>>) => {
        const variables = Object.entries({ ...env, XDG_RUNTIME_DIR: run });
        const words = variables.map(([name, value]) => `${name}=${value}`);
        return systemd.inside([...behind, ...asUser, "env", "--chdir", own, ...words, ...command]);
      };
      const { podman } = await openPodman(own, await aloneRuntime(own), { manager: "systemd", inside });
      const archive = join(own, "box.tar");
      await writeFile(archive, dockerArchive({ "box:latest": boxImage({ format: "docker" }) }));
      execFileSync("chown", ["--recursive", `${USER}:${USER}`, own]);
      await podman.ok(["load", "--quiet", "--input", archive]);
      const options = ["--network", "none", "--cgroupns", "host", "--pids-limit", "50"];
      const group = await podman.ok(["run", "--rm", ...options, "box", "grep", "^0:", "/proc/self/cgroup"]);
      assert.match(group, new RegExp(`^0::${MANAGER}/user\\.slice/libpod-[0-9a-f]{64}\\.scope`));
      await podman.ok(["run", "--detach", "--name", "stays", ...options, "box", "sleep", "1000"]);
      assert.equal(await podman.ok(["exec", "stays", "echo", "in there"]), "in there");
      const limit = ["{{.PIDs}}", "{{.MemUsage}}"].join(" ");
      assert.match(await podman.ok(["stats", "--no-stream", "--format", limit, "stays"]), /^1 [1-9]/);
      await podman.ok(["pause", "stays"]);
      assert.equal(await podman.ok(["inspect", "--format", "{{.State.Status}}", "stays"]), "paused");
      await podman.ok(["unpause", "stays"]);
      await podman.ok(["rm", "--force", "--time", "0", "stays"]);
    });

  test("from elsewhere, as from a login's session, systemd takes the caller in", async () => {
    await configure(["sh", "-c", "grep ^0: /proc/self/cgroup; exit 7"]);
    const { code, stdout, stderr } = await fromOutside.run(["run", "--bundle", bundle, "web"]);
    assert.deepEqual([code, stdout], [7, `0::${GROUP}\n`], stderr);
    await until("the scope is gone", async () => !(await isThere()));
    await configure(["sleep", "1000"]);
    await fromOutside.ok(["run", "--detach", "--bundle", bundle, "web"]);
    try {
      assert.equal(await fromOutside.ok(["exec", "web", "grep", "^0:", "/proc/self/cgroup"]), `0::${GROUP}`);
      assert.equal((await file("cgroup.procs")).split("\n").length, 1);
      await fromOutside.ok(["pause", "web"]);
      await fromOutside.ok(["resume", "web"]);
      await fromOutside.ok(["kill", "web", "KILL"]);
    } finally {
      await fromOutside.run(["delete", "--force", "web"]);
    }
    await until("the scope is gone", async () => !(await isThere()));
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

  test("from elsewhere it is refused with what to do where systemd cannot move the caller", async () => {
    await systemd.systemctl.ok(["stop", "dbus.socket", "dbus.service"]);
    await configure(["true"]);
    const { code, stderr } = await fromOutside.run(["run", "--bundle", bundle, "web"]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^tug-oci: cannot put a process into a unit of the caller's systemd: the caller runs in \/\S*, outside of .* cannot be moved: /,
    );
    assert.match(stderr, /systemd-run --user --scope/);
    assert.equal((await oci.run(["state", "web"])).code, 1);
  });
}
