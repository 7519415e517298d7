import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { parseMountinfo } from "../../src/host/index.ts";
import { debianProgram } from "../environment/index.ts";
import { groupFile, groupOf, lacksController } from "../privileged/harness/index.ts";
import {
  askApi,
  bootSystem,
  type Engine,
  importSystem,
  leavesNothing,
  needsBox,
  needsSystem,
  systemIsUp,
  until,
  useEngine,
} from "./harness/index.ts";

const docker = debianProgram("docker");
const run = promisify(execFile);
const unified = parseMountinfo(readFileSync("/proc/self/mountinfo", "utf8")).find(
  ({ type }) => type === "cgroup2",
);
const skip = needsBox() || needsSystem() || (unified === undefined && "no cgroup v2 is mounted here");

/** A service whose end takes a while and leaves a file: who kills it, instead of asking it to end, has none. */
const service = `[Service]
ExecStart=/bin/sleep infinity
ExecStop=/bin/sh -c 'sleep 1; echo in order >/var/ended'
MemoryMax=64M
[Install]
WantedBy=multi-user.target
`;

describe("a container that systemd boots in", { skip }, () => {
  const engine = useEngine();
  before(() => importSystem(engine));

  describe("a system of Debian", () => {
    before(() => bootSystem(engine, "sys", ["-t", "--pids-limit", "200"]));
    after(() => engine.tug(["rm", "-f", "sys"]));
    const sh = async (script: string) => (await engine.ok(["exec", "sys", "sh", "-c", script])).trim();
    const look = async (format: string) =>
      (await engine.ok(["inspect", "--format", `{{${format}}}`, "sys"])).trim();
    const systemctl = (...args: string[]) => engine.tug(["exec", "sys", "systemctl", ...args]);

    test("runs, with no unit that failed, and says so on its console", async () => {
      const failed = await systemctl("list-units", "--failed", "--no-legend");
      assert.equal(failed.stdout, "");
      assert.equal((await systemctl("is-system-running")).stdout, "running\n");
      const log = await engine.ok(["logs", "sys"]);
      assert.match(log, /Welcome to .*Debian GNU\/Linux/);
      // Later lines may be lost while the login prompt takes the console over.
      assert.match(log, /Reached target .*basic\.target/);
    });

    test("knows that it is in a container, and has a machine id of the container's", async () => {
      assert.match((await engine.tug(["exec", "sys", "systemd-detect-virt", "--container"])).stdout, /\w/);
      assert.equal(await sh("cat /run/systemd/container"), "tug");
      assert.equal(await sh("cat /etc/machine-id"), (await look(".Id")).slice(0, 32));
    });

    test("starts a unit that is made in it, in a control group of the unit's own", async () => {
      await addService(engine, "sys");
      assert.equal((await systemctl("start", "slow.service")).code, 0);
      assert.equal((await systemctl("is-active", "slow.service")).stdout, "active\n");
      const pid = await sh("systemctl show --property MainPID --value slow.service");
      assert.match(await sh(`cat /proc/${pid}/cgroup`), /^0::\/system\.slice\/slow\.service$/m);
      if (lacksController("memory") || groupOf("self", "memory")?.version !== 2) return;
      assert.equal(await sh("cat /sys/fs/cgroup/system.slice/slow.service/memory.max"), "67108864");
    });

    test("has the same rights as any container", async () => {
      const status = await sh("cat /proc/1/status");
      const plain = await engine.sh([], "cat /proc/self/status");
      for (const field of ["CapBnd", "CapEff", "Seccomp", "NoNewPrivs"]) {
        const line = new RegExp(`^${field}:.*$`, "m");
        assert.equal(line.exec(status)?.[0], line.exec(plain)?.[0], field);
      }
      assert.match(await sh("mount -t cgroup2 none /mnt 2>&1 || true"), /denied|permitted/);
    });

    test("sees and writes its own control groups alone", async () => {
      const mounts = parseMountinfo(await sh("cat /proc/self/mountinfo"));
      const groups = mounts.filter(({ type }) => type.startsWith("cgroup"));
      assert.deepEqual(
        groups.map(({ type, mountPoint, root }) => [type, mountPoint, root]),
        [["cgroup2", "/sys/fs/cgroup", "/"]],
      );
      await sh("mkdir /sys/fs/cgroup/mine && rmdir /sys/fs/cgroup/mine");
      // Seen from here: where the container's mount begins.
      const seen = parseMountinfo(readFileSync(`/proc/${await look(".State.Pid")}/mountinfo`, "utf8"));
      const root = seen.find(({ mountPoint }) => mountPoint === "/sys/fs/cgroup")?.root;
      assert.ok(root?.endsWith(`/tug/containers/${await look(".Id")}/inside`), root);
    });

    test("cannot lift its limits, whatever it writes", async () => {
      const id = await look(".Id");
      const own = join(unified?.mountPoint ?? "", "tug/containers", id);
      const limits = () =>
        filesOf(own, /\.(max|high|low|min|weight)$|^cgroup\.(freeze|max\.descendants|subtree_control|type)$/);
      const before = limits();
      assert.equal(before["cgroup.max.descendants"], "4096\n");
      const group = groupOf(Number(await look(".State.Pid")), "pids");
      assert.ok(group !== undefined);
      const pids = { ...group, directory: upTo(group.directory, id) };
      assert.equal(groupFile(pids, "pids.max"), "200");
      for (const attempt of [
        "for file in $(find /sys/fs/cgroup -name '*.max' -o -name '*.weight'); do echo max >$file; done",
        "for file in $(find /sys/fs/cgroup -name '*.min'); do echo 4096 >$file; done",
        "for name in $(cat /sys/fs/cgroup/cgroup.controllers); do echo -$name >/sys/fs/cgroup/cgroup.subtree_control; done",
        "echo 9999 >/sys/fs/cgroup/cgroup.max.descendants",
        "echo 0 >/sys/fs/cgroup/../cgroup.procs",
      ]) {
        await sh(`(${attempt}) 2>/dev/null; true`);
      }
      assert.deepEqual(limits(), before);
      assert.equal(groupFile(pids, "pids.max"), "200");
      const crowd = ["exec", "sys", "sh", "-c", "for n in $(seq 300); do sleep 2 & done"];
      assert.match((await engine.tug(crowd)).stderr, /fork/);
      const isRoom = async () => (await engine.tug(["exec", "sys", "sh", "-c", "sleep 0"])).code === 0;
      await until("the crowd has ended", isRoom);
    });

    test("makes so many control groups and no more", async () => {
      const making = ["exec", "sys", "sh", "-c", "cd /sys/fs/cgroup && mkdir $(seq 4200)"];
      assert.match((await engine.tug(making)).stderr, /temporarily unavailable/);
      assert.equal(await sh("cd /sys/fs/cgroup && rmdir $(seq 4000) && mkdir more && rmdir more"), "");
    });

    test("goes on without the engine, and with a new one", async () => {
      await engine.stopEngine("SIGKILL");
      assert.equal((await systemctl("is-active", "slow.service")).stdout, "active\n");
    });

    test("is frozen and goes on as a whole", async () => {
      await engine.ok(["pause", "sys"]);
      assert.equal(await look(".State.Status"), "paused");
      await engine.ok(["unpause", "sys"]);
      assert.equal((await systemctl("is-active", "slow.service")).stdout, "active\n");
    });

    test("ends in order when it is stopped, and begins again with what it had", async () => {
      assert.equal((await systemctl("enable", "slow.service")).code, 0);
      await engine.ok(["stop", "--time", "60", "sys"]);
      assert.equal(await look(".State.ExitCode"), "0");
      assert.match(await engine.ok(["logs", "--tail", "20", "sys"]), /Reached target .*halt\.target/);
      assert.deepEqual(groupsOf(await look(".Id")), []);
      await engine.ok(["start", "sys"]);
      await systemIsUp(engine, "sys");
      assert.equal(await sh("cat /var/ended"), "in order");
      assert.equal((await systemctl("is-active", "slow.service")).stdout, "active\n");
    });
  });

  test("a reboot ends it, and its restart policy starts it again", async () => {
    await bootSystem(engine, "again", ["--restart", "always"]);
    const count = async () => (await engine.ok(["inspect", "--format", "{{.RestartCount}}", "again"])).trim();
    assert.equal(await count(), "0");
    await engine.tug(["exec", "again", "systemctl", "reboot"]);
    await until("it is started again", async () => (await count()) === "1");
    await systemIsUp(engine, "again");
    await engine.ok(["rm", "-f", "again"]);
  });

  test("Docker's client asks for it by a label, and stops it in order", { skip: docker.skip }, async () => {
    const env = { DOCKER_HOST: `unix://${engine.run}/tug.sock`, DOCKER_CONFIG: engine.directory };
    const call = async (...args: string[]) => {
      const { stdout } = await run(docker.path, args, { env });
      return stdout.trim();
    };
    const id = await call("run", "-d", "--label", "tug.systemd=always", "system");
    await systemIsUp(engine, id);
    await call("stop", id);
    assert.equal(await call("inspect", "--format", "{{.State.ExitCode}}", id), "0");
    await call("rm", id);
  });

  test("nothing is left of it when it is removed in the middle of its boot", async () => {
    await leavesNothing(engine, async () => {
      const id = (await engine.ok(["run", "-d", "--systemd", "system"])).trim();
      await until("systemd has made groups", () => groupsOf(id).some((path) => path.endsWith("/init.scope")));
      await engine.stopEngine("SIGKILL");
      await engine.ok(["rm", "-f", id]);
    });
  });

  test("what asks for it, and what does not", async () => {
    const made = async (...options: string[]) => {
      const id = (await engine.ok(["create", ...options])).trim();
      const format = "{{.HostConfig.Systemd}} {{.Config.StopSignal}}";
      const shown = (await engine.ok(["inspect", "--format", format, id])).trim();
      await engine.ok(["rm", id]);
      return shown;
    };
    assert.equal(await made("--systemd", "system"), "always SIGRTMIN+3");
    assert.equal(await made("--systemd=true", "system"), "always SIGRTMIN+3");
    assert.equal(await made("--systemd=always", "--stop-signal", "SIGINT", "box", "sh"), "always SIGINT");
    assert.equal(await made("--label", "tug.systemd=true", "system"), "always SIGRTMIN+3");
    for (const options of [["--systemd=true", "box", "sh"], ["--systemd=false", "system"], ["system"]]) {
      assert.doesNotMatch(await made(...options), /always|RTMIN/, options.join(" "));
    }
  });

  test("refused in one sentence that names the option", async () => {
    const refusal = async (...options: string[]) => {
      const { code, stderr } = await engine.tug(["run", "-d", "--rm", "--systemd", ...options, "system"]);
      assert.equal(code, 125);
      return stderr;
    };
    assert.match(
      await refusal("--init"),
      /^tug: invalid --systemd: systemd is process 1 itself\nleave --init out\n$/,
    );
    assert.match(await refusal("--pid", "host"), /a process namespace of its own/);
    assert.match(await refusal("--cgroupns", "host"), /control groups among the machine's own/);
    assert.match(await refusal("--user", "33"), /invalid --systemd: .* as root only, and the user is 33/);
    const body = { Image: "system", HostConfig: { Systemd: "maybe" } };
    const answer = await askApi(join(engine.run, "tug.sock"), ["POST", "/v1.50/containers/create"], body);
    assert.equal(answer.status, 400);
  });
});

async function addService(engine: Engine, name: string): Promise<void> {
  const file = "/etc/systemd/system/slow.service";
  await engine.ok(["exec", "-i", name, "sh", "-c", `cat >${file}`], { input: service });
  await engine.ok(["exec", name, "systemctl", "daemon-reload"]);
}

/** The directories of a container's control groups, and of those below them. */
function groupsOf(id: string): string[] {
  return parseMountinfo(readFileSync("/proc/self/mountinfo", "utf8"))
    .filter(({ type }) => type === "cgroup" || type === "cgroup2")
    .map(({ mountPoint }) => join(mountPoint, "tug/containers", id))
    .filter((path) => existsSync(path))
    .flatMap((path) => [path, ...directoriesBelow(path)]);
}

function directoriesBelow(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return []; // It has gone while it was read.
  }
}

/** The contents of the files of a directory whose names match. */
function filesOf(directory: string, names: RegExp): Record<string, string> {
  const found = readdirSync(directory).filter((name) => names.test(name));
  return Object.fromEntries(found.map((name) => [name, readFileSync(join(directory, name), "utf8")]));
}

/** The part of a path that ends with a step. */
function upTo(path: string, step: string): string {
  return path.slice(0, path.indexOf(step) + step.length);
}
