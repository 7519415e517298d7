import assert from "node:assert/strict";
import { test } from "node:test";
import { breachesOf, cloneFlags, encodePlan, NO_NETWORK_AHEAD, networkAheadName } from "../../plan/index.ts";
import type { Spec } from "../../specs/oci-runtime/index.ts";
import { sampleFacts } from "../testing/facts.ts";
import { opsNamed, sampleCreatePlan, sampleId, withUserNamespace } from "../testing/sample-plan.ts";
import { createBindings } from "./create.ts";

test("the default container's plan breaks no rule, on v1 and v2, created or run, with a terminal or without", () => {
  for (const version of [1, 2] as const) {
    for (const attendance of ["create", "detach", "foreground"] as const) {
      assert.deepEqual(breachesOf(sampleCreatePlan((spec) => spec, { attendance }, version)), []);
      const terminal = sampleCreatePlan(
        (spec) => ({ ...spec, process: { ...spec.process, terminal: true } }),
        {
          attendance,
          console: { kind: "own" },
        },
      );
      assert.deepEqual(breachesOf(terminal), []);
    }
  }
});

test("the digest does not depend on the container's id", () => {
  const other = sampleId.replace("5f", "6e");
  const digest = (name: string) =>
    encodePlan(
      sampleCreatePlan((spec) => spec, { id: name }),
      createBindings(name),
    ).digest;
  assert.equal(digest(sampleId), digest(other));
});

test("a network that was made ahead is entered, and stays out of the digest", () => {
  const digests = [undefined, networkAheadName(7, 4026532000n), networkAheadName(8, 4026532001n)].map(
    (networkAhead) => {
      const plan = sampleCreatePlan((spec) => spec, { networkAhead });
      assert.deepEqual(breachesOf(plan), []);
      const [opened, entered] = [
        opsNamed(plan.host, "networkAhead")[0],
        opsNamed(plan.init, "ownNetwork")[0],
      ];
      assert.equal(opened?.name, networkAhead ?? NO_NETWORK_AHEAD);
      assert.equal(entered?.ahead, opened?.out);
      assert.equal((opsNamed(plan.stage, "spawn")[0]?.flags ?? 0) & cloneFlags.NEWNET, 0);
      return encodePlan(plan, createBindings(sampleId, networkAhead)).digest;
    },
  );
  assert.equal(new Set(digests).size, 1);
});

test("a network that belongs to another user namespace, or gets devices of the host, is made by the clone", () => {
  const withDevice = (spec: Spec): Spec => ({ ...spec, linux: { ...spec.linux, netDevices: { eth7: {} } } });
  const facts = { ...sampleFacts(2), userNamespace: true };
  for (const plan of [
    sampleCreatePlan(withUserNamespace),
    sampleCreatePlan(withDevice),
    sampleCreatePlan((spec) => spec, { facts }),
  ]) {
    assert.deepEqual(breachesOf(plan), []);
    assert.deepEqual([...opsNamed(plan.host, "networkAhead"), ...opsNamed(plan.init, "ownNetwork")], []);
    assert.notEqual((opsNamed(plan.stage, "spawn")[0]?.flags ?? 0) & cloneFlags.NEWNET, 0);
    assert.equal(opsNamed(plan.init, "loopbackUp").length, 1);
  }
});

test("who waits for a container's end removes its groups and its directory after it, in the same plan", () => {
  for (const version of [1, 2] as const) {
    const plan = sampleCreatePlan((spec) => spec, { attendance: "foreground", removes: true }, version);
    assert.deepEqual(breachesOf(plan), []);
    const names = plan.host.map(({ op }) => op);
    const after = names.slice(names.indexOf("waitExit") + 1);
    assert.deepEqual(new Set(after), new Set(["cgroupKill", "cgroupRemove", "remove"]));
    assert.equal(after.at(-1), "remove");
    const made = opsNamed(plan.host, "cgroupCreate").map(({ mount, path }) => mount + path);
    assert.deepEqual(
      opsNamed(plan.host, "cgroupRemove").map(({ path }) => path),
      made,
    );
    const kept = sampleCreatePlan((spec) => spec, { attendance: "foreground" }, version);
    assert.equal(kept.host.at(-1)?.op, "waitExit");
  }
});

test("the journal is written before the first group, the pid as soon as there is one", () => {
  const names = sampleCreatePlan((spec) => spec).host.map(({ op }) => op);
  assert.ok(names.indexOf("writeFile") < names.indexOf("cgroupCreate"));
  assert.equal(names[names.indexOf("runStage") + 1], "writeFile");
});

test("a user namespace is made first, entered by a process of its own, and devices are bound", () => {
  const made = sampleCreatePlan(withUserNamespace);
  assert.deepEqual(breachesOf(made), []);
  assert.equal(opsNamed(made.host, "userNamespace")[0]?.uidMap, "0 100000 65536\n");
  assert.equal(opsNamed(made.host, "runStage")[0]?.fork, 1);
  assert.ok(opsNamed(made.init, "device").every(({ bind, path }) => bind === path));
  assert.ok(opsNamed(made.stage, "rlimit").length > 0, "limits are raised while the privilege is there");
});

test("hooks of the host run while init waits at a barrier", () => {
  const hook = { path: "/bin/hook", timeout: 3 };
  const made = sampleCreatePlan((spec) => ({
    ...spec,
    hooks: { prestart: [hook], createRuntime: [hook], createContainer: [hook], startContainer: [hook] },
  }));
  assert.deepEqual(breachesOf(made), []);
  assert.deepEqual(
    opsNamed(made.host, "hook").map(({ from }) => from),
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

test("network devices are looked for first, and move before hooks run and init does anything", () => {
  const made = sampleCreatePlan((spec) => ({
    ...spec,
    hooks: { prestart: [{ path: "/bin/hook" }] },
    linux: { ...spec.linux, netDevices: { eth0: { name: "lan%d" }, "a~b": {} } },
  }));
  assert.deepEqual(breachesOf(made), []);
  const names = made.host.map(({ op }) => op);
  assert.deepEqual(names.slice(0, 2), ["networkDevice", "networkDevice"]);
  const moves = opsNamed(made.host, "moveDevice");
  assert.deepEqual(
    moves.map(({ name, target, from }) => `${name} ${target} ${from}`),
    ["eth0 lan%d /linux/netDevices/eth0", "a~b a~b /linux/netDevices/a~0b"],
  );
  assert.ok(names.indexOf("moveDevice") > names.indexOf("runStage"));
  assert.ok(names.lastIndexOf("moveDevice") < names.indexOf("hook"));
  assert.equal(made.init[0]?.op, "await");
});

test("a hook's input is JSON in which per cent signs survive", () => {
  const made = sampleCreatePlan((spec) => ({
    ...spec,
    annotations: { rate: "100%p" },
    hooks: { createRuntime: [{ path: "/bin/hook" }] },
  }));
  const input = opsNamed(made.host, "hook")[0]?.input ?? "";
  assert.match(input, /"rate":"100%%p"/);
  assert.match(input, /"pid":%p}$/);
});

test("a bind mount is cloned and configured on the host, attached inside", () => {
  const made = sampleCreatePlan((spec) => ({
    ...spec,
    mounts: [{ destination: "/data", type: "bind", source: "src", options: ["rbind", "ro"] }],
  }));
  const [, clone] = opsNamed(made.host, "cloneMount");
  assert.equal(clone?.path, "/bundle/src");
  assert.equal(clone?.from, "/mounts/0");
  const changes = opsNamed(made.host, "changeMount").filter(({ mount }) => mount === clone?.out);
  assert.deepEqual(
    changes.map(({ set, propagation, recursive }) => [set, propagation, recursive]),
    [
      [undefined, 0x80000, 1],
      [1n, undefined, undefined],
    ],
  );
  assert.deepEqual(
    opsNamed(made.init, "attach").map(({ target }) => target),
    ["/data"],
  );
});

test("a mount of layers is one overlay, or a clone of the only one, of which a part may be shown", () => {
  const destinations = ["/one", "/all", "/part"];
  const made = sampleCreatePlan(
    (spec) => ({
      ...spec,
      mounts: destinations.map((destination) => ({
        destination,
        type: "bind",
        source: "/no",
        options: ["ro"],
      })),
    }),
    {
      mountSources: new Map([
        ["/one", { layers: ["/a"] }],
        ["/all", { layers: ["/b", "/a"] }],
        ["/part", { layers: ["/b", "/a"], subpath: "c/d" }],
      ]),
    },
  );
  assert.deepEqual(breachesOf(made), []);
  const [, clone, ...others] = opsNamed(made.host, "cloneMount");
  assert.deepEqual([clone?.path, others], ["/a", []]);
  const overlays = opsNamed(made.host, "overlay");
  for (const { lowers, upper } of overlays) assert.deepEqual([lowers, upper], [["/b", "/a"], undefined]);
  const attached = opsNamed(made.init, "attach");
  assert.deepEqual(
    attached.map(({ target, inside }) => [target, inside]),
    [
      ["/one", undefined],
      ["/all", undefined],
      ["/part", "c/d"],
    ],
  );
  assert.deepEqual(
    attached.map(({ mount }) => mount),
    [clone, ...overlays].map((op) => op?.out),
  );
  for (const { mount } of attached) {
    const changes = opsNamed(made.host, "changeMount").filter((change) => change.mount === mount);
    assert.ok(
      changes.some(({ set }) => set === 1n),
      "it is read-only before it is seen",
    );
  }
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
    const made = sampleCreatePlan(
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

test("without privileges sources are cloned in the container's namespaces, before its root is built", () => {
  const own = [{ containerID: 0, hostID: 1000, size: 1 }];
  const caller = { uid: 1000, gid: 1000, newuidmap: undefined, newgidmap: "/bin/newgidmap" };
  const plan = (gidMappings: typeof own) =>
    sampleCreatePlan(
      (spec) => ({
        ...spec,
        mounts: [...(spec.mounts ?? []), { destination: "/h", source: "/host", options: ["rbind", "ro"] }],
        linux: {
          ...spec.linux,
          namespaces: [...(spec.linux?.namespaces ?? []), { type: "user" }],
          uidMappings: own,
          gidMappings,
        },
      }),
      { unprivileged: caller, cgroups: undefined, withoutDeviceRules: true },
    );
  const made = plan(own);
  assert.deepEqual(breachesOf(made), []);
  assert.deepEqual(
    opsNamed(made.init, "cloneMount").map(({ path }) => path),
    ["/bundle/rootfs", "/host"],
  );
  assert.equal(opsNamed(made.host, "cloneMount").length, 0);
  const [direct] = opsNamed(made.host, "userNamespace");
  assert.deepEqual(
    [direct?.denySetgroups, direct?.uidProgram, direct?.gidProgram],
    [1, undefined, undefined],
  );
  const [helped] = opsNamed(plan([...own, { containerID: 1, hostID: 5000, size: 9 }]).host, "userNamespace");
  assert.deepEqual([helped?.denySetgroups, helped?.gidProgram], [undefined, "/bin/newgidmap"]);
  assert.equal(helped?.gidMap, "0 1000 1\n1 5000 9\n");
});
