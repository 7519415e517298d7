import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSpec, printJson, type Spec } from "../../specs/oci-runtime/index.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import { unifiedFacts } from "../testing/facts.ts";
import { plainRequest } from "../testing/request.ts";
import { buildSpec } from "./build-spec.ts";
import type { ImageDefaults, SpecInput } from "./input.ts";
import { createOrigins } from "./origins.ts";

const id = "5f0c2b9a3e7d41f8a6b4c2d0e8f61a3b5c7d9e0f1a2b3c4d5e6f708192a3b4c5";

function build(
  change: Partial<CreateContainerRequest> = {},
  image: ImageDefaults = {},
  input: Partial<SpecInput> = {},
): { spec: Spec; input: SpecInput } {
  const full: SpecInput = {
    id,
    request: plainRequest(change),
    image,
    user: { uid: 0, gid: 0, groups: [] },
    facts: unifiedFacts,
    rootfs: "rootfs",
    hostname: id.slice(0, 12),
    mounts: [],
    devices: [],
    cdi: { env: [], hooks: [] },
    secretEnv: [],
    hasMessageQueues: false,
    shared: { pid: "/proc/7/ns/pid", ipc: "/proc/7/ns/ipc", net: "/proc/7/ns/net" },
    networkNamespace: "/run/tug/netns/id",
    origins: createOrigins(),
    ...input,
  };
  return { spec: buildSpec(full), input: full };
}

describe("buildSpec", () => {
  test("gives a configuration that the parser of config.json takes without a warning", () => {
    const { warnings } = parseSpec(printJson(build().spec));
    assert.deepEqual(warnings, []);
  });

  test("gives the default container 14 capabilities, a filter, masks and namespaces of its own", () => {
    const { spec } = build();
    assert.equal(spec.process.capabilities?.effective?.length, 14);
    assert.equal(spec.linux?.seccomp?.defaultAction, "SCMP_ACT_ERRNO");
    assert.ok(spec.linux?.maskedPaths?.includes("/proc/kcore"));
    assert.deepEqual(
      spec.linux?.namespaces?.map(({ type }) => type),
      ["mount", "uts", "pid", "ipc", "network", "cgroup"],
    );
    assert.equal(spec.linux?.cgroupsPath, `/tug/containers/${id}`);
  });

  test("a user other than root keeps the bounding set only", () => {
    const { spec } = build({}, {}, { user: { uid: 33, gid: 33, groups: [4] } });
    assert.equal(spec.process.capabilities?.bounding?.length, 14);
    assert.deepEqual(spec.process.capabilities?.effective, []);
    assert.deepEqual(spec.process.user, { uid: 33, gid: 33, additionalGids: [4] });
  });

  test("privileged: every capability, no filter, no mask, writable sysfs, every device allowed", () => {
    const { spec } = build({ security: { ...plainRequest().security, privileged: true } });
    assert.equal(spec.process.capabilities?.bounding?.length, 41);
    assert.equal(spec.linux?.seccomp, undefined);
    assert.equal(spec.linux?.maskedPaths, undefined);
    assert.ok(!spec.mounts?.find(({ destination }) => destination === "/sys")?.options?.includes("ro"));
    assert.deepEqual(spec.linux?.resources?.devices, [{ allow: true, access: "rwm" }]);
  });

  test("host namespaces are left out, and the host's own instances are mounted", () => {
    const { spec } = build({
      namespaces: { pid: { mode: "host" }, ipc: { mode: "host" }, uts: { mode: "host" } },
      network: { ...plainRequest().network, mode: { kind: "host" } },
    });
    assert.deepEqual(
      spec.linux?.namespaces?.map(({ type }) => type),
      ["mount", "cgroup"],
    );
    assert.equal(spec.hostname, undefined);
    const shm = spec.mounts?.find(({ destination }) => destination === "/dev/shm");
    assert.deepEqual([shm?.type, shm?.source], ["bind", "/dev/shm"]);
    // The made-up machine has no /dev/mqueue.
    assert.ok(!spec.mounts?.some(({ destination }) => destination === "/dev/mqueue"));
  });

  test("limits become what the specification counts in", () => {
    const { spec } = build({
      resources: {
        ...plainRequest().resources,
        memory: 100,
        nanoCpus: 1_500_000_000,
        pidsLimit: 7,
        cpuShares: 512,
      },
    });
    assert.deepEqual(spec.linux?.resources?.memory, { limit: 100n, swap: 200n });
    assert.deepEqual(spec.linux?.resources?.cpu, { shares: 512n, quota: 150_000n, period: 100_000n });
    assert.deepEqual(spec.linux?.resources?.pids, { limit: 7n });
  });

  test("the command line: entrypoint and command of the image, replaced as Docker does", () => {
    const image: ImageDefaults = { Entrypoint: ["/entry"], Cmd: ["default"] };
    assert.deepEqual(build({ command: undefined }, image).spec.process.args, ["/entry", "default"]);
    assert.deepEqual(build({ command: ["x"] }, image).spec.process.args, ["/entry", "x"]);
    assert.deepEqual(build({ command: ["x"], entrypoint: ["/other"] }, image).spec.process.args, [
      "/other",
      "x",
    ]);
    assert.throws(() => build({ command: undefined, entrypoint: [] }, image), { code: "ENGINE_NO_COMMAND" });
  });

  test("the environment: later entries win, a bare name removes", () => {
    const { spec } = build({ env: ["A=2", "B"] }, { Env: ["A=1", "B=1", "C=1"] });
    const env = spec.process.env ?? [];
    assert.ok(env.includes("A=2") && env.includes("C=1") && !env.some((entry) => entry.startsWith("B=")));
    assert.ok(env.includes(`HOSTNAME=${id.slice(0, 12)}`));
  });

  test("mounts are ordered by depth, the default ones first, and replace default ones", () => {
    const mount = (target: string) => ({ target, source: "/src", options: ["rbind"], from: "x" });
    const { spec } = build({}, {}, { mounts: [mount("/a/b"), mount("/a"), mount("/dev/shm")] });
    const targets = spec.mounts?.map(({ destination }) => destination) ?? [];
    assert.ok(targets.indexOf("/a") < targets.indexOf("/a/b"));
    assert.equal(targets.filter((target) => target === "/dev/shm").length, 1);
  });

  test("systemd gets its own part of v2 to write, what it cannot mount itself, and is told where it is", () => {
    const { spec } = build(
      { systemd: "always" },
      {},
      { mounts: [{ target: "/run/data", source: "/x", options: [], from: "x" }] },
    );
    const targets = spec.mounts?.map(({ destination }) => destination) ?? [];
    assert.deepEqual(targets.slice(-4).sort(), ["/run", "/run/data", "/run/lock", "/tmp"]);
    assert.ok(targets.indexOf("/run") < targets.indexOf("/run/data"));
    const groups = spec.mounts?.find(({ destination }) => destination === "/sys/fs/cgroup");
    assert.deepEqual([groups?.type, groups?.options], ["cgroup2", ["nosuid", "noexec", "nodev"]]);
    assert.ok(spec.linux?.namespaces?.some(({ type }) => type === "cgroup"));
    const env = spec.process.env ?? [];
    assert.ok(env.includes("container=tug") && env.includes(`container_uuid=${id.slice(0, 32)}`));
    // Nothing else: the rights, the filter and the masks are those of any container.
    const plain = build().spec;
    assert.deepEqual(spec.process.capabilities, plain.process.capabilities);
    assert.deepEqual(spec.linux?.seccomp, plain.linux?.seccomp);
    assert.deepEqual(spec.linux?.maskedPaths, plain.linux?.maskedPaths);
    assert.deepEqual(spec.linux?.resources, plain.linux?.resources);
  });

  test("somebody's own mount stands where systemd's would be", () => {
    const own = { target: "/tmp", source: "/x", options: ["rbind"], from: "x" };
    const { spec } = build({ systemd: "always" }, {}, { mounts: [own] });
    const found = spec.mounts?.filter(({ destination }) => destination === "/tmp");
    assert.deepEqual(
      found?.map(({ source }) => source),
      ["/x"],
    );
  });

  test("every place knows what it comes from", () => {
    const { input } = build(
      {
        resources: { ...plainRequest().resources, memory: 4 },
        from: { "resources.memory": "/HostConfig/Memory" },
      },
      {},
      { mounts: [{ target: "/data", source: "/x", options: [], from: "/HostConfig/Binds/0" }] },
    );
    assert.equal(input.origins.of("/linux/resources/memory/limit"), "/HostConfig/Memory");
    assert.equal(input.origins.of("/mounts/7/source"), "/HostConfig/Binds/0");
    assert.equal(input.origins.of("/process/cwd"), undefined);
  });
});
