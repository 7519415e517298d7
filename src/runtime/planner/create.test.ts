import assert from "node:assert/strict";
import { test } from "node:test";
import { breachesOf, encodePlan, type Op, type OpName, type OpOf, type Plan } from "../../plan/index.ts";
import type { Spec } from "../../specs/oci-runtime/index.ts";
import { cgroupLayout } from "../cgroups/layout.ts";
import { defaultSpec } from "../defaults/index.ts";
import { sampleFacts } from "../testing/facts.ts";
import { createBindings, planCreate } from "./create.ts";
import type { CreateInput } from "./input.ts";

const id = "5f0c2b9a3e7d41f8a6b4c2d0e8f61a3b5c7d9e0f1a2b3c4d5e6f708192a3b4c5";

function plan(change: (spec: Spec) => Spec, options: Partial<CreateInput> = {}, version: 1 | 2 = 2): Plan {
  const spec = change({
    ...defaultSpec(version === 2),
    process: { ...defaultSpec(true).process, terminal: false },
  });
  const facts = sampleFacts(version);
  const { mounts, groups } = facts;
  return planCreate({
    id,
    spec,
    bundle: "/bundle",
    stateDir: `/run/x/${options.id ?? id}`,
    owner: 0,
    root: { kind: "directory" },
    facts,
    cgroups: cgroupLayout({ mounts, groups, cgroupsPath: spec.linux?.cgroupsPath, id: options.id ?? id }),
    attendance: "create",
    ...options,
  });
}

function all<N extends OpName>(items: readonly Op[], name: N): OpOf<N>[] {
  return items.filter((op): op is OpOf<N> => op.op === name);
}

test("the default container's plan breaks no rule, on v1 and v2, created or run, with a terminal or without", () => {
  for (const version of [1, 2] as const) {
    for (const attendance of ["create", "detach", "foreground"] as const) {
      assert.deepEqual(breachesOf(plan((spec) => spec, { attendance }, version)), []);
      const terminal = plan((spec) => ({ ...spec, process: { ...spec.process, terminal: true } }), {
        attendance,
        console: { kind: "own" },
      });
      assert.deepEqual(breachesOf(terminal), []);
    }
  }
});

test("the digest does not depend on the container's id", () => {
  const other = id.replace("5f", "6e");
  const digest = (name: string) =>
    encodePlan(
      plan((spec) => spec, { id: name }),
      createBindings(name),
    ).digest;
  assert.equal(digest(id), digest(other));
});

test("on v2 the process is born in its group, on v1 it joins each one", () => {
  const unified = plan((spec) => spec);
  assert.equal(all(unified.stage, "spawn")[0]?.group, all(unified.host, "cgroupCreate")[0]?.out);
  assert.deepEqual(all(unified.init, "cgroupJoin"), []);
  const legacy = plan((spec) => spec, {}, 1);
  assert.equal(all(legacy.stage, "spawn")[0]?.group, undefined);
  assert.deepEqual(
    all(legacy.init, "cgroupJoin").map(({ group }) => group),
    all(legacy.host, "cgroupCreate").map(({ out }) => out),
  );
});

test("a relative control group begins at the caller's own", () => {
  const paths = all(plan((spec) => spec, {}, 1).host, "cgroupCreate").map(
    ({ mount, path }) => `${mount}${path}`,
  );
  assert.ok(paths.includes(`/sys/fs/cgroup/memory/own/${id}`));
  assert.ok(paths.includes(`/sys/fs/cgroup/pids/${id}`));
});

test("the journal is written before the first group, the pid as soon as there is one", () => {
  const names = plan((spec) => spec).host.map(({ op }) => op);
  assert.ok(names.indexOf("writeFile") < names.indexOf("cgroupCreate"));
  assert.equal(names[names.indexOf("runStage") + 1], "writeFile");
});

test("a user namespace is made first, entered by a process of its own, and devices are bound", () => {
  const made = plan((spec) => ({
    ...spec,
    linux: {
      ...spec.linux,
      namespaces: [...(spec.linux?.namespaces ?? []), { type: "user" }],
      uidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
      gidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
    },
  }));
  assert.deepEqual(breachesOf(made), []);
  assert.equal(all(made.host, "userNamespace")[0]?.uidMap, "0 100000 65536\n");
  assert.equal(all(made.host, "runStage")[0]?.fork, 1);
  assert.ok(all(made.init, "device").every(({ bind, path }) => bind === path));
  assert.ok(all(made.stage, "rlimit").length > 0, "limits are raised while the privilege is there");
});

test("hooks of the host run while init waits at a barrier", () => {
  const hook = { path: "/bin/hook", timeout: 3 };
  const made = plan((spec) => ({
    ...spec,
    hooks: { prestart: [hook], createRuntime: [hook], createContainer: [hook], startContainer: [hook] },
  }));
  assert.deepEqual(breachesOf(made), []);
  assert.deepEqual(
    all(made.host, "hook").map(({ from }) => from),
    ["/hooks/prestart/0", "/hooks/createRuntime/0"],
  );
  const init = made.init.map(({ op, from }) => `${op} ${from}`);
  assert.ok(
    init.indexOf("hook /hooks/createContainer/0") < init.findIndex((line) => line.startsWith("pivot")),
  );
  assert.ok(
    init.indexOf("hook /hooks/startContainer/0") > init.findIndex((line) => line.startsWith("awaitStart")),
  );
});

test("a hook's input is JSON in which per cent signs survive", () => {
  const made = plan((spec) => ({
    ...spec,
    annotations: { rate: "100%p" },
    hooks: { createRuntime: [{ path: "/bin/hook" }] },
  }));
  const input = all(made.host, "hook")[0]?.input ?? "";
  assert.match(input, /"rate":"100%%p"/);
  assert.match(input, /"pid":%p}$/);
});

test("a bind mount is cloned and configured on the host, attached inside", () => {
  const made = plan((spec) => ({
    ...spec,
    mounts: [{ destination: "/data", type: "bind", source: "src", options: ["rbind", "ro"] }],
  }));
  const [, clone] = all(made.host, "cloneMount");
  assert.equal(clone?.path, "/bundle/src");
  assert.equal(clone?.from, "/mounts/0");
  const changes = all(made.host, "changeMount").filter(({ mount }) => mount === clone?.out);
  assert.deepEqual(
    changes.map(({ set, propagation, recursive }) => [set, propagation, recursive]),
    [
      [undefined, 0x80000, 1],
      [1n, undefined, undefined],
    ],
  );
  assert.deepEqual(
    all(made.init, "attach").map(({ target }) => target),
    ["/data"],
  );
});

test("random configurations give plans that break no rule", () => {
  let seed = 1;
  const random = (limit: number): number => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return (seed >> 8) % limit;
  };
  const some = <T>(items: readonly T[]): T[] => items.filter(() => random(2) === 0);
  for (let round = 0; round < 300; round += 1) {
    const namespaces = [
      { type: "mount" } as const,
      ...some([
        { type: "pid" },
        { type: "ipc" },
        { type: "uts" },
        { type: "network" },
        { type: "cgroup" },
        { type: "time" },
      ] as const),
      ...some([{ type: "user" } as const]),
    ];
    const made = plan(
      (spec) => ({
        ...spec,
        root: { path: "rootfs", readonly: random(2) === 0 },
        process: {
          ...spec.process,
          noNewPrivileges: random(2) === 0,
          terminal: random(2) === 0,
          cwd: "/a/b",
        },
        mounts: some(spec.mounts ?? []).concat({ destination: "/dev/pts", type: "devpts" }),
        hooks: random(2) === 0 ? {} : { createRuntime: [{ path: "/h" }], startContainer: [{ path: "/h" }] },
        linux: {
          namespaces,
          uidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
          gidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
          sysctl: random(2) === 0 ? {} : { "net.ipv4.ip_forward": "1" },
          maskedPaths: some(["/proc/kcore", "/sys/firmware"]),
          readonlyPaths: some(["/proc/sys", "/proc/bus"]),
          ...(random(2) === 0 && { seccomp: { defaultAction: "SCMP_ACT_ALLOW" } as const }),
        },
      }),
      {
        attendance: (["create", "detach", "foreground"] as const)[random(3)] ?? "create",
        console: { kind: "own" },
        init: random(2) === 0,
        noPivot: random(4) === 0,
      },
      random(2) === 0 ? 1 : 2,
    );
    assert.deepEqual(
      breachesOf(made).map(({ rule, breach }) => `${rule.id}: ${breach.what}`),
      [],
    );
  }
});
