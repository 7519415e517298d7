import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { boxImage, needsBox } from "../e2e/harness/index.ts";
import { dockerArchive, ociArchive } from "../environment/index.ts";
import { lacksCriu, makeRootfs, plainConfig, withCriu } from "../privileged/harness/index.ts";
import {
  aloneRuntime,
  needsContainerd,
  needsPodman,
  needsSystemd,
  type OciRuntime,
  onOwnMachine,
  openPodman,
  type Program,
  program,
  residentRuntime,
  type Systemd,
  startContainerd,
  startSystemd,
  until,
} from "./harness/index.ts";

const GROUP = "/a.slice/a-b.slice/pre-web.scope";

/** In a hybrid hierarchy scopes without a process were seen to stay for as long as systemd was asked. */
const hybrid =
  !existsSync("/sys/fs/cgroup/cgroup.controllers") &&
  "needs control groups v2 with controllers: elsewhere systemd misses that a group has become empty";

onOwnMachine(import.meta.filename, needsBox() || needsSystemd() || hybrid, () => {
  describe("control groups through systemd", declare);
});

type Changes = { linux?: Record<string, unknown>; annotations?: Record<string, string> };

function declare(): void {
  let directory: string;
  let bundle: string;
  let systemd: Systemd;
  let runtime: OciRuntime;
  let alone: OciRuntime;
  let oci: Program;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "t-"));
    bundle = join(directory, "bundle");
    await mkdir(bundle);
    await makeRootfs(join(bundle, "rootfs"));
    systemd = await startSystemd(directory);
    runtime = await residentRuntime(systemd.inside);
    alone = await aloneRuntime(directory);
    oci = called();
  });
  after(async () => {
    try {
      await runtime?.[Symbol.asyncDispose]();
    } finally {
      await systemd?.[Symbol.asyncDispose]();
    }
  });

  const called = (behind: readonly string[] = []): Program => {
    const state = ["--systemd-cgroup", "--root", join(directory, "state")];
    return systemd.inside([...behind, runtime.path, ...state], runtime.env);
  };
  const configure = async (args: readonly string[], { linux = {}, annotations = {} }: Changes = {}) => {
    const config = plainConfig("systemd", { args: [...args] });
    const namespaces = config.linux?.namespaces?.filter(({ type }) => type !== "cgroup");
    const changed = { ...config.linux, namespaces, cgroupsPath: "a-b.slice:pre:web", ...linux };
    await writeFile(join(bundle, "config.json"), JSON.stringify({ ...config, annotations, linux: changed }));
  };
  const show = async (...names: readonly string[]): Promise<Record<string, string>> => {
    const text = await systemd.systemctl.ok(["show", "pre-web.scope", "--property", names.join(",")]);
    return Object.fromEntries(text.split("\n").map((line) => line.split("=", 2) as [string, string]));
  };
  const isGone = async (): Promise<boolean> =>
    !(await systemd.systemctl.ok(["list-units", "--all", "--no-legend"])).includes("pre-web.scope");
  const processes = (): Promise<string> =>
    systemd.inside(["cat", `/sys/fs/cgroup${GROUP}/cgroup.procs`]).ok([]);
  /** A created container that goes on once it is started. */
  const created = async (changes: Changes = {}): Promise<AsyncDisposable> => {
    await configure(["sleep", "1000"], changes);
    await oci.ok(["create", "--bundle", bundle, "--pid-file", join(directory, "pid"), "web"]);
    return { [Symbol.asyncDispose]: async () => void (await oci.run(["delete", "--force", "web"])) };
  };

  test("run: in a scope of its own, which is gone afterwards", async () => {
    await configure(["sh", "-c", "grep ^0: /proc/self/cgroup; exit 7"]);
    for (const _ of [1, 2]) {
      const { code, stdout } = await oci.run(["run", "--bundle", bundle, "web"]);
      assert.deepEqual([code, stdout], [7, `0::${GROUP}\n`]);
      await until("the scope is gone", isGone);
    }
  });

  test("create, start, exec, pause, kill, delete: the scope has the container's processes alone", async () => {
    await using _ = await created({
      annotations: {
        "org.systemd.property.TimeoutStopSec": "uint64 7",
        "org.systemd.property.Documentation": "['man:tug(1)', 'man:web(1)']",
        "org.systemd.property.CollectMode": "'inactive'",
        "org.example": "nothing of systemd's",
      },
    });
    const shown = await show(
      "ActiveState",
      "ControlGroup",
      "Slice",
      "Delegate",
      "TimeoutStopUSec",
      "Documentation",
      "CollectMode",
      "Description",
    );
    assert.deepEqual(shown, {
      ActiveState: "active",
      CollectMode: "inactive",
      ControlGroup: GROUP,
      Delegate: "yes",
      Description: "container web",
      Documentation: '"man:tug(1)" "man:web(1)"',
      Slice: "a-b.slice",
      TimeoutStopUSec: "7s",
    });
    const pid = await readFile(join(directory, "pid"), "utf8");
    assert.equal(await processes(), pid.trim());
    await oci.ok(["start", "web"]);
    assert.equal(await oci.ok(["exec", "web", "grep", "^0:", "/proc/self/cgroup"]), `0::${GROUP}`);
    await oci.ok(["pause", "web"]);
    assert.equal(JSON.parse(await oci.ok(["state", "web"])).status, "paused");
    await oci.ok(["resume", "web"]);
    await oci.ok(["kill", "web", "KILL"]);
    await until("it has ended", async () => JSON.parse(await oci.ok(["state", "web"])).status === "stopped");
    await oci.ok(["delete", "web"]);
    await until("the scope is gone", isGone);
  });

  test("a group that systemd ends takes the container along", async () => {
    await using _ = await created();
    await oci.ok(["start", "web"]);
    await systemd.systemctl.ok(["kill", "--signal", "KILL", "pre-web.scope"]);
    await until("it has ended", async () => JSON.parse(await oci.ok(["state", "web"])).status === "stopped");
    await oci.ok(["delete", "web"]);
    await until("the scope is gone", isGone);
  });

  test("a name is free again after a container was killed", async () => {
    for (const _ of [1, 2, 3]) {
      await using __ = await created();
      await oci.ok(["start", "web"]);
    }
    await until("the scope is gone", isGone);
  });

  test("what fails leaves no scope", async () => {
    await configure(["no-such-program"]);
    const { code, stderr } = await oci.run(["create", "--bundle", bundle, "web"]);
    assert.equal(code, 1);
    assert.match(stderr, /executable file not found in \$PATH/);
    await until("the scope is gone", isGone);
    await configure(["true"], { annotations: { "org.systemd.property.NoSuchThing": "true" } });
    assert.match(
      (await oci.run(["run", "--bundle", bundle, "web"])).stderr,
      /cannot start pre-web\.scope: .*NoSuchThing/,
    );
    await configure(["true"], { annotations: { "org.systemd.property.Delegate": "yes please" } });
    assert.match(
      (await oci.run(["run", "--bundle", bundle, "web"])).stderr,
      /annotation org\.systemd\.property\.Delegate/,
    );
    await configure(["true"], { linux: { cgroupsPath: "/plain/path" } });
    assert.match(
      (await oci.run(["run", "--bundle", bundle, "web"])).stderr,
      /not of the form slice:prefix:name/,
    );
    assert.equal(await oci.ok(["list", "--quiet"]), "");
  });

  test("a create that is killed at several moments leaves nothing that delete --force does not remove", async () => {
    await configure(["sleep", "1000"]);
    const state = ["--systemd-cgroup", "--root", join(directory, "state")];
    const create = [alone.path, ...state, "create", "--bundle", bundle, "web"];
    for (const seconds of [0.08, 0.12, 0.14, 0.16, 0.18, 0.2, 0.25, 0.3]) {
      await systemd.inside(["timeout", "--signal", "KILL", String(seconds), ...create]).run([]);
      // What executes the plan goes on without who asked for it.
      await until("nothing executes a plan", async () => {
        const look = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'";
        return !(await systemd.inside(["sh", "-c", look]).run([])).stdout.includes("tug:[run]");
      });
      await oci.ok(["delete", "--force", "web"]);
      assert.equal(await oci.ok(["list", "--quiet"]), "");
      // Where nothing was on record yet systemd may keep an empty scope: the next container has it.
      const left = await systemd.inside(["cat", `/sys/fs/cgroup${GROUP}/cgroup.procs`]).run([]);
      assert.equal(left.stdout, "");
      await oci.ok(["create", "--bundle", bundle, "web"]);
      await oci.ok(["delete", "--force", "web"]);
      await until("the scope is gone", isGone);
    }
  });

  test("restore: in a scope of its own again, with what limits it", { skip: lacksCriu() }, async () => {
    const script = "i=0; while :; do i=$((i+1)); echo $i >/tmp/count; sleep 0.1; done";
    await configure(["sh", "-c", script], {
      linux: { resources: { pids: { limit: 20 } } },
      annotations: { "org.systemd.property.TimeoutStopSec": "uint64 7" },
    });
    const images = ["--image-path", join(directory, "images")];
    // What the test reads from is no stream that can be dumped.
    const quiet = called(["sh", "-c", 'exec "$@" </dev/null >/dev/null 2>&1', "sh"]);
    const restore = [...withCriu, "restore", "--bundle", bundle, ...images];
    await quiet.ok(["run", "--detach", "--bundle", bundle, "web"]);
    try {
      const counted = async () => Number(await oci.ok(["exec", "web", "cat", "/tmp/count"]));
      await until("it counts", async () => (await counted()) > 2);
      await oci.ok([...withCriu, "checkpoint", ...images, "web"]);
      await until("the scope is gone", isGone);
      await quiet.ok([...restore, "--detach", "web"]);
      assert.equal(await oci.ok(["exec", "web", "grep", "^0:", "/proc/1/cgroup"]), `0::${GROUP}`);
      const before = await counted();
      assert.ok(before > 2);
      await until("it goes on", async () => (await counted()) > before);
      const shown = await show("ActiveState", "TasksMax", "TimeoutStopUSec");
      assert.deepEqual(shown, { ActiveState: "active", TasksMax: "20", TimeoutStopUSec: "7s" });
      await oci.ok(["delete", "--force", "web"]);
      await until("the scope is gone", isGone);
      await writeFile(join(directory, "images/pstree.img"), "");
      const { code, stderr } = await oci.run([...restore, "web"]);
      assert.deepEqual([code, /cannot restore the container: criu says: /.test(stderr)], [1, true], stderr);
      await until("the scope is gone", isGone);
    } finally {
      await oci.run(["delete", "--force", "web"]);
    }
  });

  test("without a path it is a scope in system.slice", async () => {
    await configure(["grep", "^0:", "/proc/self/cgroup"], { linux: { cgroupsPath: "" } });
    assert.equal(await oci.ok(["run", "--bundle", bundle, "plain"]), "0::/system.slice/tug-plain.scope");
  });

  test("limits are told to systemd, at first and by update, and outlive its reload", {
    skip: !existsSync("/sys/fs/cgroup/cgroup.controllers") && "needs control groups v2 with controllers",
  }, async () => {
    const resources = {
      memory: { limit: 1 << 26 },
      cpu: { quota: 50_000, period: 100_000 },
      pids: { limit: 20 },
    };
    await using _ = await created({ linux: { resources } });
    const names = ["MemoryMax", "CPUQuotaPerSecUSec", "TasksMax"] as const;
    assert.deepEqual(Object.values(await show(...names)).sort(), ["20", "500ms", "67108864"]);
    await oci.ok(["update", "--memory", "33554432", "--pids-limit", "30", "web"]);
    assert.deepEqual(Object.values(await show(...names)).sort(), ["30", "33554432", "500ms"]);
    await systemd.systemctl.ok(["daemon-reload"]);
    const files = ["memory.max", "pids.max", "cpu.max"].map((name) => `/sys/fs/cgroup${GROUP}/${name}`);
    assert.equal(await systemd.inside(["cat", ...files]).ok([]), "33554432\n30\n50000 100000");
  });

  test("without an engine", async () => {
    const through = systemd.inside([alone.path, "--systemd-cgroup", "--root", join(directory, "state")]);
    await configure(["grep", "^0:", "/proc/self/cgroup"]);
    assert.equal(await through.ok(["run", "--bundle", bundle, "web"]), `0::${GROUP}`);
    await until("the scope is gone", isGone);
  });

  test("containerd asks for it", { skip: needsContainerd() }, async () => {
    const place = join(directory, "containerd");
    await mkdir(place);
    const { inside } = systemd;
    // It ends with systemd: what brings it in there hears no signal for it.
    const containerd = await startContainerd(place, { inside, env: runtime.env });
    const archive = join(place, "box.tar");
    await writeFile(archive, ociArchive({ "docker.io/library/box:latest": boxImage() }));
    await containerd.ctr.ok(["images", "import", archive]);
    const groups = ["--runc-binary", runtime.path, "--runc-systemd-cgroup", "--cgroup", "a-b.slice:pre:web"];
    // Shares, which ctr asks for unless it is told not to, take a controller that is not there beside v1.
    const run = [
      "run",
      "--detach",
      "--cpu-shares",
      "0",
      ...groups,
      "docker.io/library/box:latest",
      "web",
      "sleep",
      "1000",
    ];
    await containerd.ctr.ok(run);
    assert.equal((await show("ControlGroup")).ControlGroup, GROUP);
    const exec = ["tasks", "exec", "--exec-id", "one", "web", "echo", "in there"];
    assert.equal(await containerd.ctr.ok(exec), "in there");
    await containerd.ctr.ok(["tasks", "kill", "--signal", "KILL", "web"]);
    await until("it has ended", async () => (await containerd.ctr.ok(["tasks", "ls"])).includes("STOPPED"));
    await containerd.ctr.ok(["tasks", "delete", "web"]);
    await until("the scope is gone", isGone);
  });

  test("podman asks for it", { skip: needsPodman() }, async () => {
    const place = join(directory, "podman");
    await mkdir(place);
    const { inside } = systemd;
    const { podman } = await openPodman(place, alone, { manager: "systemd", inside });
    const archive = join(place, "box.tar");
    await writeFile(archive, dockerArchive({ "box:latest": boxImage({ format: "docker" }) }));
    await podman.ok(["load", "--quiet", "--input", archive]);
    const options = ["--network", "none", "--cgroupns", "host"];
    const group = await podman.ok(["run", "--rm", ...options, "box", "grep", "^0:", "/proc/self/cgroup"]);
    assert.match(group, /^0::\/machine\.slice\/libpod-[0-9a-f]{64}\.scope/);
    await podman.ok(["run", "--detach", "--name", "stays", ...options, "box", "sleep", "1000"]);
    assert.equal(await podman.ok(["exec", "stays", "echo", "in there"]), "in there");
    await podman.ok(["rm", "--force", "--time", "0", "stays"]);
    const units = await systemd.systemctl.ok(["list-units", "--all", "--no-legend"]);
    assert.doesNotMatch(units, /libpod-[0-9a-f]{64}\.scope/);
  });

  test("on control groups v1 it is refused", {
    skip: existsSync("/sys/fs/cgroup/cgroup.controllers") && "needs control groups v1",
  }, async () => {
    await configure(["true"]);
    const args = ["--systemd-cgroup", "--root", join(directory, "state"), "run", "--bundle", bundle, "web"];
    const { stderr } = await program([alone.path]).run(args);
    assert.match(stderr, /cannot make control groups through systemd: it takes control groups v2 alone/);
  });
}
