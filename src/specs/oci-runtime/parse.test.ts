import assert from "node:assert/strict";
import { test } from "node:test";
import { TugError } from "../../base/index.ts";
import {
  type Linux,
  type Mount,
  type Process,
  parseProcess,
  parseResources,
  parseSpec,
  printJson,
} from "./index.ts";

/** The smallest configuration that parses, as an object to change. */
function minimal(): Record<string, unknown> & { process: Record<string, unknown> } {
  return {
    ociVersion: "1.3.0",
    root: { path: "rootfs" },
    process: { args: ["sh"], cwd: "/", user: { uid: 0, gid: 0 } },
  };
}

const parse = (spec: object) => parseSpec(printJson(spec));

/** The error's sentence and hint for a document that must be refused. */
function refusal(run: () => unknown): TugError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof TugError, `not a TugError: ${error}`);
    assert.ok(error.hint, "an error tells what to do");
    return error;
  }
  assert.fail("was accepted");
}

function assertRefused(spec: object, sentence: string | RegExp): void {
  const { message, code } = refusal(() => parse(spec));
  assert.equal(code, "OCI_CONFIG");
  if (typeof sentence === "string") assert.equal(message, `cannot use config.json#${sentence}`);
  else assert.match(message, sentence);
}

const withProcess = (process: object) => ({ ...minimal(), process: { ...minimal().process, ...process } });
const withLinux = (linux: object) => ({ ...minimal(), linux });
const withMount = (mount: unknown) => ({ ...minimal(), mounts: [{ destination: "/a" }, mount] });

test("a minimal configuration parses to itself", () => {
  assert.deepEqual(parse(minimal()), { value: minimal(), warnings: [] });
});

test("null and an absent member are the same, unknown members are ignored", () => {
  const parsed = parse({
    ...minimal(),
    hostname: null,
    mounts: null,
    linux: null,
    vm: { hypervisor: 5 },
    "org.example": [],
  });
  assert.deepEqual(parsed.value, minimal());
});

test("empty texts that Go leaves out are absent", () => {
  const { value } = parse({
    ...withLinux({ cgroupsPath: "", namespaces: [{ type: "pid", path: "" }], rootfsPropagation: "" }),
    hostname: "",
  });
  assert.deepEqual(value, { ...minimal(), linux: { namespaces: [{ type: "pid" }] } });
});

test("user, uid and gid are 0 where they are absent", () => {
  const { value } = parse(withProcess({ user: undefined }));
  assert.deepEqual(value.process.user, { uid: 0, gid: 0 });
  assert.deepEqual(parse(withProcess({ user: { umask: 18 } })).value.process.user, {
    uid: 0,
    gid: 0,
    umask: 18,
  });
});

test("64-bit numbers keep all digits on the way in and out", () => {
  const rlimits = [{ type: "RLIMIT_CORE", soft: 9007199254740993n, hard: 18446744073709551615n }];
  const { value } = parse(withProcess({ rlimits }));
  assert.deepEqual(value.process.rlimits, rlimits);
  assert.match(printJson(value), /"hard":18446744073709551615/);
});

const refusedProcess: [string, object, string][] = [
  ["args of a wrong type", { args: "sh" }, '/process/args: expected a list, found text "sh"'],
  [
    "an element of a wrong type",
    { args: ["sh", 5] },
    "/process/args/1: expected text in double quotes, found number 5",
  ],
  ["no args", { args: [] }, "/process/args: it is empty"],
  ["a NUL in an argument", { args: ["a\0b"] }, "/process/args/0: it holds a NUL character"],
  ["a relative cwd", { cwd: "tmp" }, '/process/cwd: expected an absolute path, found text "tmp"'],
  ["no cwd", { cwd: undefined }, "/process/cwd: it is missing"],
  ["a variable without =", { env: ["A=1", "PATH"] }, '/process/env/1: "PATH" is no environment variable'],
  [
    "a negative uid",
    { user: { uid: -1 } },
    "/process/user/uid: expected an integer from 0 to 4294967294, found number -1",
  ],
  [
    "a fraction",
    { user: { uid: 1.5 } },
    "/process/user/uid: expected an integer from 0 to 4294967294, found number 1.5",
  ],
  [
    "the id that means none",
    { user: { gid: 4294967295 } },
    "/process/user/gid: expected an integer from 0 to 4294967294, found number 4294967295",
  ],
  [
    "an unknown limit",
    { rlimits: [{ type: "RLIMIT_X", soft: 1, hard: 1 }] },
    '/process/rlimits/0/type: expected a known name, found text "RLIMIT_X"',
  ],
  [
    "a limit twice",
    {
      rlimits: [
        { type: "RLIMIT_CPU", soft: 1, hard: 1 },
        { type: "RLIMIT_CPU", soft: 2, hard: 2 },
      ],
    },
    "/process/rlimits/1/type: RLIMIT_CPU is already given at /process/rlimits/0",
  ],
  [
    "soft above hard",
    { rlimits: [{ type: "RLIMIT_CPU", soft: 2, hard: 1 }] },
    "/process/rlimits/0/soft: the soft limit 2 is above the hard limit 1",
  ],
  [
    "a limit above 64 bits",
    { rlimits: [{ type: "RLIMIT_CPU", soft: 1, hard: 18446744073709551616n }] },
    "/process/rlimits/0/hard: expected an integer from 0 to 18446744073709551615, found bigint 18446744073709551616",
  ],
  [
    "an impossible score",
    { oomScoreAdj: 1001 },
    "/process/oomScoreAdj: expected an integer from -1000 to 1000, found number 1001",
  ],
  [
    "an I/O class",
    { ioPriority: { class: "RT", priority: 1 } },
    '/process/ioPriority/class: expected one of IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE, found text "RT"',
  ],
  [
    "a nice value",
    { scheduler: { policy: "SCHED_OTHER", nice: 20 } },
    "/process/scheduler/nice: 20 is no nice value",
  ],
  [
    "a priority without real time",
    { scheduler: { policy: "SCHED_BATCH", priority: 1 } },
    "/process/scheduler/priority: SCHED_BATCH has no priority",
  ],
  [
    "a deadline without its policy",
    { scheduler: { policy: "SCHED_RR", deadline: 1 } },
    "/process/scheduler/deadline: SCHED_RR has no deadline",
  ],
  [
    "a list of CPUs",
    { execCPUAffinity: { initial: "3-1" } },
    '/process/execCPUAffinity/initial: expected a list of numbers and ranges such as 0-3,7, found text "3-1"',
  ],
];
for (const [name, process, sentence] of refusedProcess) {
  test(`process: ${name} is refused`, () => assertRefused(withProcess(process), sentence));
}

const user = { namespaces: [{ type: "user" }] };
const ids = [{ containerID: 0, hostID: 1000, size: 10 }];
const refusedLinux: [string, object, string][] = [
  [
    "an unknown namespace",
    { namespaces: [{ type: "pid" }, { type: "disk" }] },
    '/linux/namespaces/1/type: expected one of pid, network, mount, ipc, uts, user, cgroup, time, found text "disk"',
  ],
  [
    "a namespace twice",
    { namespaces: [{ type: "pid" }, { type: "ipc" }, { type: "pid" }] },
    "/linux/namespaces/2/type: pid is already given at /linux/namespaces/0",
  ],
  [
    "a relative namespace path",
    { namespaces: [{ type: "pid", path: "ns" }] },
    '/linux/namespaces/0/path: expected an absolute path, found text "ns"',
  ],
  [
    "a mapping of nothing",
    { uidMappings: [{ containerID: 0, hostID: 0, size: 0 }] },
    "/linux/uidMappings/0/size: expected an integer from 1 to 4294967295, found number 0",
  ],
  [
    "overlapping mappings",
    { uidMappings: [...ids, { containerID: 9, hostID: 5000, size: 1 }] },
    "/linux/uidMappings/1/containerID: it overlaps another entry",
  ],
  [
    "a mapping out of range",
    { uidMappings: [{ containerID: 4294967290, hostID: 0, size: 6 }] },
    "/linux/uidMappings/0/containerID: its range ends above 4294967294",
  ],
  [
    "mappings without user namespace",
    { uidMappings: ids, gidMappings: ids },
    "/linux/uidMappings: there is no user namespace",
  ],
  [
    "a user namespace without mappings",
    { ...user, uidMappings: ids },
    "/linux/gidMappings: a new user namespace needs mappings",
  ],
  [
    "an unknown clock",
    { timeOffsets: { realtime: {} } },
    "/linux/timeOffsets/realtime: a time namespace has no such clock",
  ],
  [
    "offsets without time namespace",
    { timeOffsets: { boottime: { secs: 1 } } },
    "/linux/timeOffsets: there is no time namespace",
  ],
  [
    "offsets of a joined namespace",
    { namespaces: [{ type: "time", path: "/x" }], timeOffsets: { boottime: { secs: 1 } } },
    "/linux/timeOffsets: the clocks of a joined namespace cannot be set",
  ],
  [
    "a device without number",
    { devices: [{ path: "/dev/x", type: "c", major: 1 }] },
    "/linux/devices/0/minor: it is missing",
  ],
  [
    "a kind of device",
    { devices: [{ path: "/dev/x", type: "x" }] },
    '/linux/devices/0/type: expected one of c, b, u, p, found text "x"',
  ],
  [
    "a name of an interface",
    { netDevices: { "a/b": {} } },
    '/linux/netDevices/a~1b: "a/b" is no name of a network device',
  ],
  [
    "devices without network namespace",
    { netDevices: { eth0: {} } },
    "/linux/netDevices: there is no network namespace to move them to",
  ],
  [
    "masks without mount namespace",
    { maskedPaths: ["/proc/kcore"] },
    "/linux/maskedPaths: it would hide the host's: there is no mount namespace",
  ],
  [
    "a relative mask",
    { maskedPaths: ["proc"] },
    '/linux/maskedPaths/0: expected an absolute path, found text "proc"',
  ],
  [
    "a propagation",
    { rootfsPropagation: "public" },
    '/linux/rootfsPropagation: expected one of shared, slave, private, unbindable, rshared, rslave, rprivate, runbindable, found text "public"',
  ],
  [
    "a personality",
    { personality: { domain: "BSD" } },
    '/linux/personality/domain: expected one of LINUX, LINUX32, found text "BSD"',
  ],
  [
    "a policy without nodes",
    { memoryPolicy: { mode: "MPOL_BIND", nodes: " " } },
    "/linux/memoryPolicy/nodes: MPOL_BIND needs at least one node",
  ],
  [
    "a policy with nodes",
    { memoryPolicy: { mode: "MPOL_LOCAL", nodes: "0" } },
    "/linux/memoryPolicy/nodes: MPOL_LOCAL takes no nodes",
  ],
  [
    "a class of service",
    { intelRdt: { closID: ".." } },
    '/linux/intelRdt/closID: ".." is no class of service',
  ],
  [
    "a bandwidth schema",
    { intelRdt: { memBwSchema: "L3:0=f" } },
    "/linux/intelRdt/memBwSchema: it does not begin with MB:",
  ],
  [
    "a parameter of the machine",
    { sysctl: { "vm.swappiness": "1" } },
    "/linux/sysctl/vm.swappiness: vm.swappiness belongs to the whole machine",
  ],
  [
    "a parameter of the host's network",
    { sysctl: { "net/ipv4/ip_forward": "1" } },
    "/linux/sysctl/net~1ipv4~1ip_forward: it would change the host's: there is no network namespace",
  ],
  [
    "a parameter that leaves /proc/sys",
    { sysctl: { "net/../../x": "1" } },
    "/linux/sysctl/net~1..~1..~1x: its name is no kernel parameter",
  ],
  [
    "the host name as parameter",
    { namespaces: [{ type: "uts" }], sysctl: { "kernel.hostname": "x" } },
    "/linux/sysctl/kernel.hostname: the host name has a member of its own",
  ],
];
for (const [name, linux, sentence] of refusedLinux) {
  test(`linux: ${name} is refused`, () => assertRefused(withLinux(linux), sentence));
}

const refusedElsewhere: [string, object, string][] = [
  ["no version", { ...minimal(), ociVersion: undefined }, "/ociVersion: it is missing"],
  ["a version that is none", { ...minimal(), ociVersion: "1.0" }, '/ociVersion: "1.0" is no version'],
  [
    "a future version",
    { ...minimal(), ociVersion: "2.0.0" },
    "/ociVersion: version 2.0.0 is newer than 1.3.0",
  ],
  ["no root", { ...minimal(), root: null }, "/root: it is missing"],
  ["no process", { ...minimal(), process: undefined }, "/process: it is missing"],
  ["a list for an object", { ...minimal(), hooks: [] }, "/hooks: expected an object, found an empty list"],
  [
    "a mount option",
    withMount({ destination: "/b", options: [false] }),
    "/mounts/1/options/0: expected text in double quotes, found boolean false",
  ],
  ["a mount that is null", withMount(null), "/mounts/1: expected an object, found nothing"],
  ["a mount without destination", withMount({ source: "x" }), "/mounts/1/destination: it is missing"],
  [
    "half an idmap",
    withMount({ destination: "/b", uidMappings: ids }),
    "/mounts/1/gidMappings: it is missing beside uidMappings",
  ],
  [
    "a relative hook",
    { ...minimal(), hooks: { poststop: [{ path: "x" }] } },
    '/hooks/poststop/0/path: expected an absolute path, found text "x"',
  ],
  [
    "a hook's timeout",
    { ...minimal(), hooks: { poststop: [{ path: "/x", timeout: 0 }] } },
    "/hooks/poststop/0/timeout: expected an integer from 1 to 2147483647, found number 0",
  ],
  [
    "an annotation",
    { ...minimal(), annotations: { a: 1 } },
    "/annotations/a: expected text in double quotes, found number 1",
  ],
  ["a nameless annotation", { ...minimal(), annotations: { "": "" } }, "/annotations/: its key is empty"],
  [
    "the host's name",
    { ...minimal(), hostname: "h" },
    "/hostname: it would change the host's: there is no uts namespace",
  ],
  [
    "a long host name",
    { ...withLinux({ namespaces: [{ type: "uts" }] }), hostname: "h".repeat(65) },
    "/hostname: it is longer than 64 bytes",
  ],
];
for (const [name, spec, sentence] of refusedElsewhere) {
  test(`${name} is refused`, () => assertRefused(spec, sentence));
}

test("the whole document of a wrong type is refused", () =>
  assertRefused([], ": expected an object, found an empty list"));

test("a relative destination is taken as relative to / with a warning", () => {
  const { value, warnings } = parse(withMount({ destination: "data" }));
  assert.equal(value.mounts?.[1]?.destination, "/data");
  assert.deepEqual(
    warnings.map(({ pointer }) => pointer),
    ["/mounts/1/destination"],
  );
});

test("flags of a personality are ignored with a warning", () => {
  const { value, warnings } = parse(withLinux({ personality: { domain: "LINUX32", flags: ["X"] } }));
  assert.deepEqual(value.linux?.personality, { domain: "LINUX32" });
  assert.equal(warnings[0]?.pointer, "/linux/personality/flags");
});

test("file type bits of a device's mode are cut off", () => {
  const { value } = parse(withLinux({ devices: [{ path: "/dev/x", type: "p", fileMode: 0o010644 }] }));
  assert.equal(value.linux?.devices?.[0]?.fileMode, 0o644);
});

test("names with a slash first follow sysctl(8)", () => {
  const linux = { namespaces: [{ type: "network" }], sysctl: { "net/ipv4/conf/eno2.100/rp_filter": "1" } };
  assert.deepEqual(parse(withLinux(linux)).value.linux?.sysctl, linux.sysctl);
});

test("keys that are names of Object's own do no harm", () => {
  const { value } = parseSpec(
    printJson(minimal()).replace("{", '{"annotations":{"__proto__":"a","constructor":"b"},'),
  );
  assert.deepEqual(Object.entries(value.annotations ?? {}), [
    ["__proto__", "a"],
    ["constructor", "b"],
  ]);
  assert.equal(Object.getPrototypeOf(value.annotations), Object.prototype);
});

test("a process file is read alone", () => {
  const process: Process = { args: ["ls"], cwd: "/", user: { uid: 1, gid: 2 } };
  assert.deepEqual(parseProcess(printJson(process)).value, process);
  assert.match(refusal(() => parseProcess("{}")).message, /^cannot use process.json#\/args: it is missing$/);
});

test("a resources file is read alone and named as the caller says", () => {
  assert.deepEqual(parseResources('{"memory":{"limit":-1}}').value, { memory: { limit: -1n } });
  const { message } = refusal(() => parseResources('{"memory":{"limit":-2}}', "standard input"));
  assert.match(message, /^cannot use standard input#\/memory\/limit: expected an integer from -1 /);
});

test("what is not JSON is refused with line and column", () => {
  const { message, code } = refusal(() => parseSpec('{\n "secret": 5\n "b": 1}'));
  assert.equal(code, "OCI_JSON");
  assert.match(message, /^cannot read config.json: not valid JSON: .*line 3 column 2/);
  assert.doesNotMatch(refusal(() => parseSpec('{"secret": }')).message, /secret/);
  assert.match(refusal(() => parseSpec(Uint8Array.of(0x22, 0xff, 0x22))).message, /not valid UTF-8/);
  assert.match(refusal(() => parseSpec(" ".repeat(17 * 1024 * 1024))).message, /larger than 16777216 bytes/);
});

test("deep nesting does not end the process", () => {
  const deep = `${"[".repeat(200_000)}12345678901234567890${"]".repeat(200_000)}`;
  assert.match(refusal(() => parseSpec(deep)).message, /^cannot /);
});

test("types and readers agree on every member", () => {
  const mount: Required<Mount> = {
    destination: "/a",
    type: "none",
    source: "/b",
    options: ["bind"],
    uidMappings: ids,
    gidMappings: ids,
  };
  const linux: Required<Linux> = {
    namespaces: (["pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"] as const).map(
      (type) => ({ type }),
    ),
    uidMappings: ids,
    gidMappings: ids,
    timeOffsets: { monotonic: { secs: -5n, nanosecs: 1 } },
    devices: [{ path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 0o666, uid: 0, gid: 0 }],
    netDevices: { eth0: { name: "c%d" } },
    cgroupsPath: "/a/b",
    resources: { cpu: { cpus: "0-3" } },
    intelRdt: {
      closID: "a",
      schemata: ["L3:0=f"],
      l3CacheSchema: "L3:0=f",
      memBwSchema: "MB:0=20",
      enableMonitoring: true,
    },
    memoryPolicy: { mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"] },
    sysctl: {
      "net.ipv4.ip_forward": "1",
      "kernel.msgmax": "1",
      "user.max_ipc_namespaces": "5",
      "kernel.domainname": "d",
    },
    seccomp: { defaultAction: "SCMP_ACT_ALLOW" },
    rootfsPropagation: "rslave",
    maskedPaths: ["/proc/kcore"],
    readonlyPaths: ["/proc/sys"],
    mountLabel: "l",
    personality: { domain: "LINUX" },
  };
  const process: Required<Process> = {
    terminal: true,
    consoleSize: { height: 25, width: 80 },
    user: { uid: 1, gid: 1, umask: 63, additionalGids: [5, 6] },
    args: ["sh"],
    env: ["TERM=xterm"],
    cwd: "/root",
    capabilities: { bounding: ["CAP_NEW"], effective: [], inheritable: [], permitted: [], ambient: [] },
    rlimits: [{ type: "RLIMIT_NOFILE", soft: 1024n, hard: 1024n }],
    noNewPrivileges: true,
    apparmorProfile: "a",
    oomScoreAdj: 100,
    scheduler: {
      policy: "SCHED_DEADLINE",
      flags: ["SCHED_FLAG_RECLAIM"],
      runtime: 1n,
      deadline: 2n,
      period: 3n,
    },
    selinuxLabel: "s",
    ioPriority: { class: "IOPRIO_CLASS_IDLE", priority: 4 },
    execCPUAffinity: { initial: "7", final: "0-3,7" },
  };
  const hook = { path: "/bin/true", args: ["true"], env: ["A=1"], timeout: 5 };
  const spec = {
    ociVersion: "1.0.2-dev",
    root: { path: "rootfs", readonly: true },
    process,
    hostname: "h",
    domainname: "d",
    mounts: [mount],
    hooks: {
      prestart: [hook],
      createRuntime: [hook],
      createContainer: [hook],
      startContainer: [hook],
      poststart: [hook],
      poststop: [hook],
    },
    annotations: { a: "" },
    linux,
  };
  assert.deepEqual(parse(spec), { value: spec, warnings: [] });
});
