import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { probeLines } from "../environment/index.ts";
import { call } from "../privileged/harness/index.ts";
import { leavesNothing, needsBox, useEngine } from "./harness/index.ts";

/** The default capabilities of a container as a mask. */
const DEFAULT = 0xa80425fbn;
const CHOWN = 1n << 0n;
const NET_ADMIN = 1n << 12n;
const SYS_ADMIN = 1n << 21n;

describe("tug run: rights", { skip: needsBox() }, () => {
  const engine = useEngine();

  async function effective(...options: string[]): Promise<bigint> {
    return BigInt(`0x${(await engine.report(...options)).capabilities.effective}`);
  }

  /** What the verbs of the probe find in a container with these options, as errnos by verb. */
  async function tries(options: readonly string[], ...words: string[]): Promise<(string | null)[]> {
    const output = await engine.ok(["run", "--rm", ...options, "box", "probe", ...words]);
    return probeLines(output).map(({ errno }) => errno);
  }

  test("--cap-add and --cap-drop, with and without CAP_, and ALL", async () => {
    assert.equal(await effective(), DEFAULT);
    assert.equal(
      await effective("--cap-add", "NET_ADMIN", "--cap-drop", "chown"),
      (DEFAULT | NET_ADMIN) & ~CHOWN,
    );
    assert.equal(await effective("--cap-drop", "ALL", "--cap-add", "CAP_CHOWN"), CHOWN);
    assert.equal(
      (await effective("--cap-add", "ALL", "--cap-drop", "SYS_ADMIN")) & (SYS_ADMIN | CHOWN),
      CHOWN,
    );
    const { capabilities } = await engine.report("--cap-drop", "ALL");
    assert.deepEqual(new Set(Object.values(capabilities)), new Set(["0000000000000000"]));
  });

  test("--security-opt no-new-privileges", async () => {
    assert.equal((await engine.report()).noNewPrivileges, 0);
    assert.equal((await engine.report("--security-opt", "no-new-privileges")).noNewPrivileges, 1);
  });

  test("--security-opt seccomp: the default, none, and a profile in Docker's form", async () => {
    const unshare = call("unshare", 0x10000000);
    assert.equal((await engine.report()).seccomp, 2);
    assert.equal((await engine.report("--security-opt", "seccomp=unconfined")).seccomp, 0);
    const profile = join(engine.directory, "profile.json");
    await writeFile(
      profile,
      JSON.stringify({
        defaultAction: "SCMP_ACT_ALLOW",
        archMap: [{ architecture: "SCMP_ARCH_X86_64", subArchitectures: [] }],
        syscalls: [
          { names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 5 },
          { names: ["chmod", "fchmodat"], action: "SCMP_ACT_ERRNO", includes: { caps: ["CAP_SYS_ADMIN"] } },
        ],
      }),
    );
    const options = ["--security-opt", `seccomp=${profile}`];
    const script = "mkdir /x; chmod 700 /tmp && echo changed";
    const { stdout, stderr } = await engine.tug(["run", "--rm", ...options, "box", "sh", "-c", script]);
    assert.match(stderr, /Input\/output error/);
    assert.equal(stdout, "changed\n");
    assert.deepEqual(await tries([], ...unshare), ["EPERM"]);
  });

  test("--privileged: every capability, no filter, the host's devices, nothing masked", async () => {
    const { capabilities, seccomp } = await engine.report("--privileged");
    assert.equal(BigInt(`0x${capabilities.effective}`) & SYS_ADMIN, SYS_ADMIN);
    assert.equal(seccomp, 0);
    const script =
      "mkdir /m && mount -t tmpfs x /m && echo mounted; test -w /proc/sys/kernel && echo open; ls -d /dev/kmsg";
    assert.equal(await engine.sh(["--privileged"], script), "mounted\nopen\n/dev/kmsg");
    const plain = await engine.tug(["run", "--rm", "box", "sh", "-c", "mkdir /m; mount -t tmpfs x /m"]);
    assert.match(plain.stderr, /permission denied/i);
  });

  // A device that no container has by itself and that everybody may open.
  const spare = ["/dev/fuse", "/dev/loop-control"].find((path) => existsSync(path));
  const needsDevice = { skip: spare === undefined && "needs a spare device" };

  test(
    "--device makes a node, under another name, with the access that was asked for",
    needsDevice,
    async () => {
      const script =
        "ls -l /dev/mine | cut -c1; true < /dev/mine && echo read; (true > /dev/mine) 2>/dev/null || echo refused";
      assert.equal(await engine.sh(["--device", `${spare}:/dev/mine:r`], script), "c\nread\nrefused");
      assert.equal(await engine.sh([], `ls ${spare} 2>/dev/null || echo absent`), "absent");
    },
  );

  test("--device refuses what is none", async () => {
    const refusals: [device: string, sentence: RegExp][] = [
      ["/dev/absent", /^tug: cannot add device \/dev\/absent \(--device\): no such file or directory/],
      ["/etc/passwd", /^tug: cannot add device \/etc\/passwd \(--device\): there is no device node/],
      ["/dev/null:relative", /^tug: .*--device/],
      ["/dev/null:/dev/x:q", /^tug: invalid argument .* for "--device" flag/],
    ];
    await leavesNothing(engine, async () => {
      for (const [device, sentence] of refusals) {
        const { code, stderr } = await engine.tug(["run", "--rm", "--device", device, "box", "true"]);
        assert.equal(code, 125, device);
        assert.match(stderr, sentence);
      }
    });
  });

  test("--sysctl sets what belongs to the container and nothing of the machine", async () => {
    assert.equal(
      await engine.sh(["--sysctl", "net.ipv4.ip_forward=1"], "cat /proc/sys/net/ipv4/ip_forward"),
      "1",
    );
    assert.equal(await engine.sh(["--sysctl", "kernel.msgmax=4096"], "cat /proc/sys/kernel/msgmax"), "4096");
    const before = readFileSync("/proc/sys/kernel/panic", "utf8");
    const other = String(Number(before) + 1);
    const refused = await leavesNothing(engine, () =>
      engine.tug(["run", "--rm", "--sysctl", `kernel.panic=${other}`, "box", "true"]),
    );
    assert.equal(refused.code, 125);
    assert.match(refused.stderr, /^tug: cannot use --sysctl: kernel.panic belongs to the whole machine\n/);
    assert.equal(readFileSync("/proc/sys/kernel/panic", "utf8"), before);
    const shared = ["run", "--rm", "--network", "host", "--sysctl", "net.ipv4.ip_forward=1", "box", "true"];
    assert.match((await engine.tug(shared)).stderr, /^tug: cannot use --sysctl: it would change the host's/);
  });

  test("rights that there are not are refused before anything is made", async () => {
    const broken = join(engine.directory, "broken.json");
    await writeFile(broken, "{");
    const wrong = join(engine.directory, "wrong.json");
    await writeFile(wrong, JSON.stringify({ defaultAction: "ALLOW" }));
    const refusals: [options: string[], sentence: RegExp][] = [
      [["--cap-add", "NONSENSE"], /^tug: cannot use capability CAP_NONSENSE: there is none of this name/],
      [["--security-opt", "nonsense"], /^tug: invalid --security-opt "nonsense"/],
      [["--security-opt", "nonsense=1"], /^tug: .*--security-opt.*nonsense/],
      [["--security-opt", "seccomp=/absent"], /^tug: cannot read \/absent \(--security-opt\): /],
      [
        ["--security-opt", `seccomp=${broken}`],
        /^tug: cannot read the seccomp profile .*broken.json: it is not valid JSON/,
      ],
      [["--security-opt", `seccomp=${wrong}`], /^tug: .*seccomp profile#\/defaultAction/],
    ];
    await leavesNothing(engine, async () => {
      for (const [options, sentence] of refusals) {
        const { code, stderr } = await engine.tug(["run", "--rm", ...options, "box", "true"]);
        assert.equal(code, 125, options.join(" "));
        assert.match(stderr, sentence);
      }
    });
  });
});

describe("tug run: namespaces", { skip: needsBox() }, () => {
  const engine = useEngine();
  const kinds = ["cgroup", "ipc", "mnt", "net", "pid", "uts"] as const;
  const host = (kind: string) => readlinkSync(`/proc/self/ns/${kind}`);

  test("everything is the container's own unless the host's is asked for", async () => {
    const { namespaces } = await engine.report("--cgroupns", "private");
    for (const kind of kinds) assert.notEqual(namespaces[kind], host(kind), kind);
    assert.equal(namespaces.user, host("user"));
    const options = [
      "--pid",
      "host",
      "--ipc",
      "host",
      "--uts",
      "host",
      "--cgroupns",
      "host",
      "--network",
      "host",
    ];
    const shared = await engine.report(...options);
    for (const kind of kinds) {
      if (kind === "mnt") assert.notEqual(shared.namespaces.mnt, host("mnt"));
      else assert.equal(shared.namespaces[kind], host(kind), kind);
    }
    assert.equal(shared.hostname, hostname());
  });

  test("--pid host shows the host's processes", async () => {
    assert.equal(await engine.sh(["--pid", "host"], `test -d /proc/${process.pid} && echo seen`), "seen");
    assert.equal(await engine.sh([], "cat /proc/1/comm; true"), "sh");
  });

  test("--network none has a loopback that works, host has what the host has", async () => {
    assert.equal(
      await engine.sh(["--network", "none"], "ls /sys/class/net; ping -c 1 127.0.0.1 >/dev/null && echo up"),
      "lo\nup",
    );
    assert.equal(
      await engine.sh(["--network", "host"], "ls /sys/class/net; hostname; cat /etc/hostname"),
      [...readdirSync("/sys/class/net").sort(), hostname(), hostname()].join("\n"),
    );
  });

  test("container: joins the pid, ipc and network namespaces of another one", async () => {
    await engine.ok(["run", "-d", "--name", "other", "--ipc", "shareable", "box", "sleep", "1000"]);
    try {
      const pid = (await engine.ok(["inspect", "--format", "{{.State.Pid}}", "other"])).trim();
      const joined = await engine.report(
        ...["--pid", "container:other", "--ipc", "container:other", "--network", "container:other"],
      );
      for (const kind of ["pid", "ipc", "net"] as const) {
        assert.equal(joined.namespaces[kind], readlinkSync(`/proc/${pid}/ns/${kind}`), kind);
      }
      assert.notEqual(joined.namespaces.uts, readlinkSync(`/proc/${pid}/ns/uts`));
      assert.match(await engine.sh(["--pid", "container:other"], "ps -o args="), /^sleep 1000\n/);
    } finally {
      await engine.ok(["rm", "-f", "other"]);
    }
  });

  test("a namespace of nobody is refused and leaves nothing", async () => {
    await engine.ok(["create", "--name", "idle", "box"]);
    const refusals: [options: string[], sentence: RegExp][] = [
      [["--pid", "container:absent"], /^tug: No such container: absent/],
      [
        ["--ipc", "container:idle"],
        /^tug: cannot join the ipc namespace of container idle: it is not running/,
      ],
      [["--pid", "nonsense"], /^tug: invalid --pid: unknown mode "nonsense"/],
      [["--uts", "private"], /^tug: invalid argument "private" for "--uts" flag/],
      [["--cgroupns", "nonsense"], /^tug: invalid argument "nonsense" for "--cgroupns" flag/],
      [["--network", "nonsense"], /^tug: network nonsense not found/],
      [["-p", "80:80"], /ports cannot be published: the container is on no network/],
      [["-P"], /ports cannot be published: the container is on no network/],
    ];
    await leavesNothing(engine, async () => {
      for (const [options, sentence] of refusals) {
        const { code, stderr } = await engine.tug(["run", "--rm", ...options, "box", "true"]);
        assert.equal(code, 125, options.join(" "));
        assert.match(stderr, sentence);
      }
    });
    await engine.ok(["rm", "idle"]);
  });
});
