import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Linux,
  type Mount,
  type Process,
  parseProcess,
  parseResources,
  parseSpec,
  printJson,
} from "./index.ts";
import {
  assertRefused,
  minimal,
  refusal,
  sampleMappings,
  withLinux,
  withProcess,
} from "./testing/configuration.ts";

const parse = (spec: object) => parseSpec(printJson(spec));
const withMount = (mount: unknown) => ({ ...minimal(), mounts: [{ destination: "/a" }, mount] });
const ids = sampleMappings;

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

test("two different domain names are refused, the same twice is not", () => {
  const named = (domainname: string) => ({
    ...withLinux({ namespaces: [{ type: "uts" }], sysctl: { "kernel.domainname": "a" } }),
    domainname,
  });
  assert.equal(parse(named("a")).value.domainname, "a");
  assert.throws(() => parse(named("b")), /kernel\.domainname: domainname says b/);
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
