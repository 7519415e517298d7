import assert from "node:assert/strict";
import { test } from "node:test";
import { dockerApi } from "../../../../../specs/index.ts";
import { readInVersion } from "../legacy-body.ts";
import { renderConfig } from "../render/config.ts";
import { renderHostConfig } from "../render/host-config.ts";
import { translateCreate } from "./create.ts";
import { richBody } from "./rich-body.fixture.ts";

function translate(body: object, version: number = dockerApi.NEWEST_API_VERSION) {
  const parsed = dockerApi.parseCreateBody(JSON.stringify({ Image: "busybox", ...body }));
  return translateCreate(readInVersion(parsed, version), {});
}

const host = (config: object) => translate({ HostConfig: config });

test("zero values are not given, and origins tell what was", () => {
  const request = translate({ Hostname: "", Cmd: [], HostConfig: { Memory: 0, PidsLimit: -1, PidMode: "" } });
  assert.deepEqual(request.from, {});
  assert.deepEqual(
    [request.hostname, request.command, request.resources.memory],
    [undefined, undefined, undefined],
  );
  const given = translate({
    Hostname: "h",
    StopTimeout: 0,
    HostConfig: { Memory: 5, Init: false, MemorySwappiness: 0 },
  });
  assert.deepEqual(given.from, {
    hostname: "/Hostname",
    stopTimeoutSeconds: "/StopTimeout",
    init: "/HostConfig/Init",
    "resources.memory": "/HostConfig/Memory",
    "resources.memorySwappiness": "/HostConfig/MemorySwappiness",
  });
});

test("an entrypoint of one empty text is no entrypoint", () => {
  assert.deepEqual(translate({ Entrypoint: [""] }).entrypoint, []);
  assert.equal(translate({ Entrypoint: [] }).entrypoint, undefined);
  assert.deepEqual(translate({ Entrypoint: "sh" }).entrypoint, ["sh"]);
});

test("mounts of every form come in one list with their origin", () => {
  const { mounts } = translate({
    Volumes: { "/cache": {}, "/data": {} },
    HostConfig: {
      Binds: ["/srv:/data:ro,rslave", "cache:/c:nocopy"],
      Tmpfs: { "/run/": "size=1m,ro" },
      Mounts: [{ Type: "bind", Source: "/a/../b", Target: "/b" }],
    },
  });
  const summary = mounts.map(({ type, target, readOnly, from }) => [type, target, readOnly, from]);
  assert.deepEqual(summary, [
    ["bind", "/data", true, "/HostConfig/Binds/0"],
    ["volume", "/c", false, "/HostConfig/Binds/1"],
    ["bind", "/b", false, "/HostConfig/Mounts/0"],
    ["tmpfs", "/run", true, "/HostConfig/Tmpfs/~1run~1"],
    ["volume", "/cache", false, "/Volumes/~1cache"],
  ]);
  assert.deepEqual(mounts[2], {
    type: "bind",
    target: "/b",
    source: "/b",
    readOnly: false,
    createSource: false,
    propagation: undefined,
    recursive: true,
    readOnlyRecursive: "ifPossible",
    from: "/HostConfig/Mounts/0",
  });
});

test("an image is mounted read-only, and of it or of a volume a part", () => {
  const mount = (more: object) =>
    translate({ HostConfig: { Mounts: [{ Target: "/x", ...more }] } }).mounts[0];
  const image = { type: "image", target: "/x", readOnly: true, from: "/HostConfig/Mounts/0", image: "a:1" };
  const parts = [
    ["", undefined],
    [".", undefined],
    ["b/../c/", "c"],
    ["..c/d", "..c/d"],
  ] as const;
  for (const [Subpath, subpath] of parts) {
    const asked = { Type: "image", Source: "a:1", ReadOnly: false, ImageOptions: { Subpath } };
    assert.deepEqual(mount(asked), { ...image, subpath });
    const volume = mount({ Type: "volume", Source: "v", VolumeOptions: { Subpath } });
    assert.equal(volume?.type === "volume" && volume.subpath, subpath);
  }
});

test("a secret with a variable's name is no mount", () => {
  const { mounts, secretEnv } = translate({ HostConfig: { Secrets: [{ Source: "s", Env: "V" }] } });
  assert.deepEqual(mounts, []);
  assert.deepEqual(secretEnv, [{ variable: "V", secret: "s", from: "/HostConfig/Secrets/0" }]);
});

test("systemd is asked for by a field, or by a label where a client knows no field", () => {
  const asked = (body: object) => translate(body).systemd;
  assert.equal(asked({}), undefined);
  assert.equal(asked({ HostConfig: { Systemd: "always" } }), "always");
  assert.equal(asked({ Labels: { "tug.systemd": "true" } }), "true");
  assert.equal(asked({ HostConfig: { Systemd: "false" }, Labels: { "tug.systemd": "always" } }), undefined);
  assert.throws(() => asked({ HostConfig: { Systemd: "yes" } }), {
    message: 'invalid /HostConfig/Systemd: it must be one of always, true, false, and is "yes"',
  });
  assert.throws(() => asked({ Labels: { "tug.systemd": "yes" } }), /invalid \/Labels\/tug\.systemd/);
});

test("a config is a file at the top, or where its target says", () => {
  const config = (more: object) =>
    translate({ HostConfig: { Configs: [{ Source: "c", ...more }] } }).mounts[0];
  const plain = {
    type: "config",
    config: "c",
    target: "/c",
    uid: 0,
    gid: 0,
    mode: 0o444,
    readOnly: true,
    from: "/HostConfig/Configs/0",
  };
  assert.deepEqual(config({}), plain);
  assert.deepEqual(config({ Target: "etc/t", Mode: 0o400 }), { ...plain, target: "/etc/t", mode: 0o400 });
});

test("a secret is a file below /run/secrets, or where its target says", () => {
  const secret = (more: object) =>
    translate({ HostConfig: { Secrets: [{ Source: "s", ...more }] } }).mounts[0];
  const plain = {
    type: "secret",
    secret: "s",
    target: "/run/secrets/s",
    uid: 0,
    gid: 0,
    mode: 0o444,
    readOnly: true,
    from: "/HostConfig/Secrets/0",
  };
  assert.deepEqual(secret({}), plain);
  assert.deepEqual(secret({ Target: "t", UID: 1, GID: 2, Mode: 0o400 }), {
    ...plain,
    target: "/run/secrets/t",
    uid: 1,
    gid: 2,
    mode: 0o400,
  });
  assert.equal(secret({ Target: "/etc/./t" })?.target, "/etc/t");
});

test("security options are read in both spellings", () => {
  const { security } = host({
    SecurityOpt: [
      "no-new-privileges",
      "seccomp=unconfined",
      "apparmor:mine",
      "label=disable",
      "label:type:t",
    ],
    CapAdd: ["net_admin", "CAP_SYS_PTRACE"],
  });
  assert.deepEqual(security.seccomp, { kind: "unconfined" });
  assert.deepEqual([security.noNewPrivileges, security.apparmor], [true, "mine"]);
  assert.deepEqual(security.labels, ["disable", "type:t"]);
  assert.deepEqual(security.capAdd, ["NET_ADMIN", "CAP_SYS_PTRACE"]);
  assert.deepEqual(host({ SecurityOpt: ["systempaths=unconfined"] }).security.maskedPaths, []);
  assert.deepEqual(host({ SecurityOpt: ['seccomp={"a":1}'] }).security.seccomp, {
    kind: "profile",
    json: '{"a":1}',
  });
});

test("old clients get what they mean", () => {
  const body = { HostConfig: { ConsoleSize: [24, 80], Annotations: { a: "b" }, Mounts: [readOnlyBind] } };
  const old = translate(body, 39);
  assert.deepEqual(
    [old.stdio.consoleSize, old.annotations, old.namespaces.ipc],
    [undefined, {}, { mode: "shareable" }],
  );
  assert.equal(old.mounts[0]?.type === "bind" && old.mounts[0].readOnlyRecursive, "never");
  const now = translate(body);
  assert.deepEqual([now.stdio.consoleSize, now.annotations], [{ height: 24, width: 80 }, { a: "b" }]);
  assert.equal(now.mounts[0]?.type === "bind" && now.mounts[0].readOnlyRecursive, "ifPossible");
});

const readOnlyBind = { Type: "bind", Source: "/a", Target: "/b", ReadOnly: true };

const refused: [body: object, message: RegExp][] = [
  [{ Image: "" }, /^invalid \/Image: no image was named$/],
  [{ Env: ["A=1", "=x"] }, /^invalid \/Env\/1: invalid environment variable: =x$/],
  [
    { WorkingDir: "tmp" },
    /^invalid \/WorkingDir: the working directory 'tmp' is invalid, it needs to be an absolute path$/,
  ],
  [{ HostConfig: { Memory: -1 } }, /^invalid \/HostConfig\/Memory: -1 is below 0$/],
  [{ HostConfig: { MemorySwap: -2 } }, /^invalid \/HostConfig\/MemorySwap: -2 is below -1$/],
  [{ HostConfig: { PidMode: "container:" } }, /^invalid \/HostConfig\/PidMode: container: needs the name/],
  [
    { HostConfig: { IpcMode: "own" } },
    /^invalid \/HostConfig\/IpcMode: unknown mode "own": it must be one of none, private/,
  ],
  [{ HostConfig: { UTSMode: "container:x" } }, /^invalid \/HostConfig\/UTSMode: unknown mode/],
  [{ HostConfig: { RestartPolicy: { Name: "often" } } }, /unknown policy 'often'; use one of 'no', 'always'/],
  [
    { HostConfig: { RestartPolicy: { Name: "always", MaximumRetryCount: 2 } } },
    /can only be used with 'on-failure'/,
  ],
  [
    { HostConfig: { RestartPolicy: { Name: "always" }, AutoRemove: true } },
    /can't create 'AutoRemove' container/,
  ],
  [
    { HostConfig: { Binds: ["/a:/x", "/b:/x/"] } },
    /^invalid \/HostConfig\/Binds\/1: Duplicate mount point: \/x$/,
  ],
  [{ HostConfig: { Binds: ["a/b:/x"] } }, /"a\/b" includes invalid characters for a local volume name/],
  [{ HostConfig: { Binds: ["/a:x"] } }, /invalid volume specification "\/a:x"/],
  [
    { HostConfig: { Binds: ["./a:/x"] } },
    /^invalid \/HostConfig\/Binds\/0: the path on the host must be absolute, not ".\/a"$/,
  ],
  [
    { HostConfig: { Mounts: [{ Type: "bind", Target: "/x" }] } },
    /^invalid \/HostConfig\/Mounts\/0\/Source: the path on the host/,
  ],
  [{ HostConfig: { Mounts: [{ Type: "bind", Source: "/a", Target: "/x/.." }] } }, /must not be \/$/],
  [
    { HostConfig: { Mounts: [{ Type: "npipe", Target: "/x" }] } },
    /mounts of type "npipe" do not exist on Linux/,
  ],
  [
    { HostConfig: { Mounts: [{ Type: "bind", Source: "/a", Target: "/x", TmpfsOptions: {} }] } },
    /^invalid \/HostConfig\/Mounts\/0\/TmpfsOptions: TmpfsOptions must not be specified on mount type "bind"$/,
  ],
  [
    { HostConfig: { Secrets: [{ Source: "s", Mode: 0o1000 }] } },
    /^invalid \/HostConfig\/Secrets\/0\/Mode: 512 is not between 0 and 511$/,
  ],
  [{ HostConfig: { Configs: [{ Source: "c", GID: -1 }] } }, /^invalid \/HostConfig\/Configs\/0\/GID: -1 is/],
  [{ HostConfig: { Configs: [{ Source: "c" }], Tmpfs: { "/c": "" } } }, /Duplicate mount point: \/c$/],
  [{ HostConfig: { Secrets: [{ Source: "s", UID: -1 }] } }, /^invalid \/HostConfig\/Secrets\/0\/UID: -1 is/],
  [{ HostConfig: { Secrets: [{ Source: "s", Env: "A=B" }] } }, /Secrets\/0\/Env: "A=B" is no name$/],
  [
    { HostConfig: { Secrets: [{ Source: "s", Env: "A", UID: 0 }] } },
    /Secrets\/0: a variable has no target, owner and mode of a file$/,
  ],
  [
    {
      HostConfig: {
        Secrets: [
          { Source: "s", Env: "A" },
          { Source: "t", Env: "A" },
        ],
      },
    },
    /Secrets\/1\/Env: two secrets are to be the variable A$/,
  ],
  [
    { HostConfig: { Secrets: [{ Source: "s" }, { Source: "s" }] } },
    /Duplicate mount point: \/run\/secrets\/s$/,
  ],
  [{ HostConfig: { Mounts: [{ Type: "image", Target: "/x" }] } }, /needs the name of an image/],
  [
    { HostConfig: { Mounts: [{ Type: "image", Source: "a", Target: "/x", VolumeOptions: {} }] } },
    /VolumeOptions must not be specified on mount type "image"$/,
  ],
  ...["/etc", "..", "a/../../b"].map((Subpath): [object, RegExp] => [
    { HostConfig: { Mounts: [{ Type: "image", Source: "a", Target: "/x", ImageOptions: { Subpath } }] } },
    /^invalid \/HostConfig\/Mounts\/0\/ImageOptions\/Subpath: the subpath /,
  ]),
  [
    { HostConfig: { Mounts: [{ Source: "v", Target: "/x", VolumeOptions: { Subpath: "../b" } }] } },
    /^invalid \/HostConfig\/Mounts\/0\/VolumeOptions\/Subpath: .* leads out of what is mounted$/,
  ],
  [
    { HostConfig: { SecurityOpt: ["speed=fast"] } },
    /^invalid \/HostConfig\/SecurityOpt\/0: unknown security option "speed"$/,
  ],
  [{ HostConfig: { SecurityOpt: ["seccomp=/etc/x.json"] } }, /must be sent as JSON, not as a file name/],
  [
    { HostConfig: { CapDrop: ["NET RAW"] } },
    /^invalid \/HostConfig\/CapDrop\/0: "NET RAW" is no capability$/,
  ],
  [{ HostConfig: { Ulimits: [{ Name: "files", Soft: 1, Hard: 1 }] } }, /"files" is no resource limit/],
  [
    { HostConfig: { Ulimits: [{ Name: "nofile", Soft: 2, Hard: 1 }] } },
    /must be less than or equal to hard limit: 2 > 1/,
  ],
  [{ HostConfig: { Ulimits: [{ Name: "nofile", Soft: -1, Hard: 1 }] } }, /less than or equal to hard limit/],
  [
    { HostConfig: { Devices: [{ PathOnHost: "null" }] } },
    /\/Devices\/0\/PathOnHost: "null" is not an absolute path/,
  ],
  [
    { HostConfig: { Devices: [{ PathOnHost: "/dev/null", CgroupPermissions: "x" }] } },
    /"x" is not made of r, w and m/,
  ],
  [{ HostConfig: { DeviceCgroupRules: ["c 1:3"] } }, /"c 1:3" does not look like "c 1:3 rwm"/],
  [
    { HostConfig: { DeviceRequests: [{ Capabilities: [["gpu"]] }] } },
    /^invalid \/HostConfig\/DeviceRequests\/0: it asks for no GPU$/,
  ],
  [
    { HostConfig: { DeviceRequests: [{ Capabilities: [["gpu"]], Count: 1, DeviceIDs: ["0"] }] } },
    /a count of GPUs and names of GPUs exclude each other/,
  ],
  [
    { HostConfig: { DeviceRequests: [{ Driver: "amd", Capabilities: [["gpu"]], Count: 1 }] } },
    /^unsupported .*there is no device driver for "amd": name devices with --device vendor.com\/class=name$/,
  ],
  [
    { HostConfig: { DeviceRequests: [{ Driver: "cdi", DeviceIDs: ["a/b=c", "/dev/null"] }] } },
    /^invalid \/HostConfig\/DeviceRequests\/0\/DeviceIDs\/1: "\/dev\/null" does not look like/,
  ],
  [
    { HostConfig: { DeviceRequests: [{ Driver: "cdi", Count: 1 }] } },
    /CDI devices have neither a count nor options/,
  ],
  [{ HostConfig: { PortBindings: { "0/tcp": [] } } }, /"0\/tcp" is no port such as 80\/tcp/],
  [
    { HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "x" }] } } },
    /"x" is neither a port nor a range of ports/,
  ],
  [
    { HostConfig: { Links: ["a:b", "a:b c"] } },
    /\/HostConfig\/Links\/1: "a:b c" is no link such as NAME:ALIAS/,
  ],
  [{ HostConfig: { Links: ["a:b"], NetworkMode: "host" } }, /host type networking can't be used with links/],
  [{ HostConfig: { Dns: ["1.1.1.1"], NetworkMode: "container:a" } }, /dns and the network mode/],
  [
    { HostConfig: { ExtraHosts: ["a:1.1.1.1"], NetworkMode: "container:a" } },
    /\/HostConfig\/ExtraHosts: conflicting options: custom host-to-IP mapping and the network mode/,
  ],
  [
    { Hostname: "own", HostConfig: { NetworkMode: "container:a" } },
    /\/Hostname: conflicting options: hostname and the network mode/,
  ],
  [{ HostConfig: { NetworkMode: "container:" } }, /needs the name or id of a container/],
  [{ HostConfig: { Isolation: "hyperv" } }, /isolation "hyperv" does not exist on Linux/],
  [{ HostConfig: { OomScoreAdj: 1001 } }, /1001 is not between -1000 and 1000/],
  [{ HostConfig: { ShmSize: -1 } }, /SHM size can not be less than 0/],
  [{ Healthcheck: { Test: ["RUN", "x"] } }, /it must be NONE, CMD with arguments or CMD-SHELL with a script/],
  [{ Healthcheck: { Interval: 5 } }, /Interval in Healthcheck cannot be less than 1ms/],
];

for (const [body, message] of refused) {
  test(`${JSON.stringify(body)} is refused in one sentence`, () => {
    assert.throws(() => translate(body), { message });
  });
}

/** A generator of numbers that gives the same ones in each run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

/** Entries may stand at other places in the body that inspect shows. */
function withoutOrigins(request: object): unknown {
  return JSON.parse(JSON.stringify(request, (key, value) => (key === "from" ? undefined : value)));
}

test("what inspect shows is what a client could send to get the same container", () => {
  const random = createRandom(7);
  const some = <T extends object>(object: T): Partial<T> =>
    Object.fromEntries(Object.entries(object).filter(() => random() < 0.5)) as Partial<T>;
  for (let round = 0; round < 200; round += 1) {
    const { Runtime = "tug", ...host } = some(richBody.HostConfig);
    const first = translate({ ...some(richBody), HostConfig: { ...host, Runtime } });
    const shown = { ...renderConfig(first), HostConfig: renderHostConfig(first) };
    const again = translate(JSON.parse(JSON.stringify(shown)));
    assert.deepEqual(withoutOrigins(again), withoutOrigins(first));
  }
});
