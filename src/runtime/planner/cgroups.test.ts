import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCgroup, parseMountinfo } from "../../host/index.ts";
import { breachesOf } from "../../plan/index.ts";
import type { LinuxResources } from "../../specs/oci-runtime/index.ts";
import { cgroupLayout } from "../cgroups/index.ts";
import { sampleFacts } from "../testing/facts.ts";
import { opsNamed, sampleCreatePlan, sampleId } from "../testing/sample-plan.ts";

test("on v2 the process is born in its group, on v1 it joins each one", () => {
  const unified = sampleCreatePlan((spec) => spec);
  assert.equal(opsNamed(unified.stage, "spawn")[0]?.group, opsNamed(unified.host, "cgroupCreate")[0]?.out);
  assert.deepEqual(opsNamed(unified.init, "cgroupJoin"), []);
  const legacy = sampleCreatePlan((spec) => spec, {}, 1);
  assert.equal(opsNamed(legacy.stage, "spawn")[0]?.group, undefined);
  assert.deepEqual(
    opsNamed(legacy.init, "cgroupJoin").map(({ group }) => group),
    opsNamed(legacy.host, "cgroupCreate").map(({ out }) => out),
  );
});

test("a container that makes groups of its own is born below the group of its limits, which lets it have controllers", () => {
  for (const version of [1, 2] as const) {
    const hybrid = "37 30 0:33 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";
    const facts = sampleFacts(version);
    const mounts = version === 2 ? facts.mounts : [...facts.mounts, ...parseMountinfo(hybrid)];
    const groups = version === 2 ? facts.groups : [...facts.groups, ...parseCgroup("0::/\n")];
    const cgroups = cgroupLayout({ mounts, groups, cgroupsPath: `/tug/${sampleId}`, id: sampleId });
    const options = { delegates: true, cgroups };
    const mount = { destination: "/sys/fs/cgroup", type: "cgroup2", source: "cgroup", options: ["nosuid"] };
    const plan = sampleCreatePlan(
      ({ linux, ...spec }) => ({
        ...spec,
        mounts: [mount],
        linux: {
          ...linux,
          namespaces: [
            ...(linux?.namespaces ?? []).filter(({ type }) => type !== "cgroup"),
            { type: "cgroup" },
          ],
          resources: { ...linux?.resources, pids: { limit: 7n } },
        },
      }),
      options,
      version,
    );
    assert.deepEqual(breachesOf(plan), []);
    const made = opsNamed(plan.host, "cgroupCreate");
    const born = made.find(({ out }) => out === opsNamed(plan.stage, "spawn")[0]?.group);
    assert.equal(born?.path, `/tug/${sampleId}/inside`);
    assert.ok(born.controllers?.includes("memory"));
    // The limits are above it, where it cannot reach.
    const limit = opsNamed(plan.host, "cgroupSet").find(({ file }) => file === "pids.max");
    assert.equal(made.find(({ out }) => out === limit?.group)?.path, `/tug/${sampleId}`);
    const count = opsNamed(plan.host, "cgroupSet").find(({ file }) => file === "cgroup.max.descendants");
    assert.deepEqual(
      [made.find(({ out }) => out === count?.group)?.path, count?.value],
      [`/tug/${sampleId}`, "4096"],
    );
    const seen = opsNamed(plan.init, "mountFs").filter(({ target }) => target.startsWith("/sys/fs/cgroup"));
    assert.deepEqual(
      seen.map(({ type, target }) => [type, target]),
      [["cgroup2", "/sys/fs/cgroup"]],
    );
    assert.equal(seen[0]?.else, `${born.mount}/tug/${sampleId}/inside`);
  }
});

test("with a user namespace the groups are joined by the stage, which still has the host's rights", () => {
  const mappings = [{ containerID: 0, hostID: 100000, size: 65536 }];
  const plan = sampleCreatePlan(
    ({ linux, ...spec }) => ({
      ...spec,
      linux: {
        ...linux,
        namespaces: [...(linux?.namespaces ?? []), { type: "user" }],
        uidMappings: mappings,
        gidMappings: mappings,
      },
    }),
    {},
    1,
  );
  const names = plan.stage.map(({ op }) => op);
  assert.ok(names.lastIndexOf("cgroupJoin") < names.indexOf("join"));
  assert.equal(opsNamed(plan.stage, "cgroupJoin").length, opsNamed(plan.host, "cgroupCreate").length);
  assert.deepEqual(opsNamed(plan.init, "cgroupJoin"), []);
});

test("a relative control group begins at the caller's own", () => {
  const paths = opsNamed(sampleCreatePlan((spec) => spec, {}, 1).host, "cgroupCreate").map(
    ({ mount, path }) => `${mount}${path}`,
  );
  assert.ok(paths.includes(`/sys/fs/cgroup/memory/own/${sampleId}`));
  assert.ok(paths.includes(`/sys/fs/cgroup/pids/${sampleId}`));
});

/** What is written where, as `path of the group below its hierarchy: file=value`. */
function writes(resources: LinuxResources, version: 1 | 2): string[] {
  const plan = sampleCreatePlan((spec) => ({ ...spec, linux: { ...spec.linux, resources } }), {}, version);
  assert.deepEqual(breachesOf(plan), []);
  const groups = new Map(opsNamed(plan.host, "cgroupCreate").map(({ out, mount }) => [out, mount]));
  return opsNamed(plan.host, "cgroupSet").map(
    ({ group, file, value }) => `${groups.get(group)?.replace("/sys/fs/cgroup", "")} ${file}=${value}`,
  );
}

test("each limit is written into the group of its controller, on v1", () => {
  const written = writes({ memory: { limit: 1048576n }, pids: { limit: 7n }, cpu: { shares: 512n } }, 1);
  assert.deepEqual(
    written.filter((line) => !line.startsWith("/devices")),
    ["/memory memory.limit_in_bytes=1048576", "/cpu,cpuacct cpu.shares=512", "/pids pids.max=7"],
  );
});

test("on v2 all limits are written into the one group", () => {
  assert.deepEqual(writes({ memory: { limit: 1048576n }, pids: { limit: 7n } }, 2), [
    " memory.max=1048576",
    " pids.max=7",
  ]);
});

test("a write knows the place of its limit, the failures that do not matter, and the file of other kernels", () => {
  const plan = sampleCreatePlan((spec) => ({
    ...spec,
    linux: { ...spec.linux, resources: { cpu: { burst: 5n }, blockIO: { weight: 10 } } },
  }));
  const [burst, weight] = opsNamed(plan.host, "cgroupSet");
  assert.deepEqual([burst?.from, burst?.ignore], ["/linux/resources/cpu/burst", ["ENOENT"]]);
  assert.deepEqual([weight?.file, weight?.elseFile, weight?.elseValue], ["io.bfq.weight", "io.weight", "1"]);
});

test("device rules are lines on v1, the runtime's own last, and one program on v2", () => {
  const rules: LinuxResources = {
    devices: [
      { allow: false, access: "rwm" },
      { allow: true, type: "c", major: 10, minor: 229, access: "rw" },
    ],
  };
  const lines = writes(rules, 1);
  assert.deepEqual(lines.slice(0, 2), ["/devices devices.deny=a", "/devices devices.allow=c 10:229 rw"]);
  assert.ok(lines.includes("/devices devices.allow=c 1:3 rwm"));
  assert.deepEqual(writes(rules, 2), []);
  const plan = sampleCreatePlan((spec) => ({ ...spec, linux: { ...spec.linux, resources: rules } }));
  const programs = opsNamed(plan.host, "cgroupDevices");
  assert.deepEqual(
    programs.map(({ group }) => group),
    opsNamed(plan.host, "cgroupCreate").map(({ out }) => out),
  );
  assert.ok((programs[0]?.program.length ?? 0) > 0);
});

test("rules without a devices controller are refused", () => {
  const hierarchies = [
    { version: 1 as const, controllers: ["pids"], mount: "/sys/fs/cgroup/pids", path: `/${sampleId}` },
  ];
  assert.throws(() => sampleCreatePlan((spec) => spec, { cgroups: { version: "v1", hierarchies } }, 1), {
    code: "CGROUP_DEVICES",
    message: /#\/linux\/resources\/devices: the devices controller is not mounted/,
  });
});
