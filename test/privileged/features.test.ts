import assert from "node:assert/strict";
import { test } from "node:test";
import type { Spec } from "../../src/specs/oci-runtime/index.ts";
import { container, differs, plainNamespaces, reportOf, skip, succeeded } from "./harness/index.ts";

type Features = {
  readonly ociVersionMax: string;
  readonly hooks: readonly string[];
  readonly mountOptions: readonly string[];
  readonly linux: {
    readonly namespaces: readonly string[];
    readonly seccomp: { readonly actions: readonly string[]; readonly archs: readonly string[] };
    readonly intelRdt?: object;
    readonly netDevices?: object;
  };
};

async function features(): Promise<Features> {
  await using made = await container();
  return JSON.parse(succeeded(await made.runtime(["features"])).stdout) as Features;
}

test("every namespace that features lists can be made", {
  skip: skip || differs({ runc: "1.1 does without cgroup here", crun: "needs mappings" }),
}, async () => {
  const { linux, hooks, ociVersionMax } = await features();
  assert.equal(hooks.length, 6);
  assert.match(ociVersionMax, /^1\.\d+\.\d+$/);
  const others = plainNamespaces.map(({ type }) => type as string);
  const more = linux.namespaces.filter((type) => !others.includes(type) && type !== "user");
  assert.deepEqual(more, ["cgroup", "time"]);
  const namespaces = linux.namespaces.filter((type) => type !== "user").map((type) => ({ type }));
  await reportOf({ change: (spec) => ({ ...spec, linux: { ...spec.linux, namespaces } }) as Spec });
});

test("every section of config.json is carried out", {
  skip: skip || differs({ runc: "1.1 knows fewer", crun: "1.21 knows fewer" }),
}, async () => {
  const { linux } = await features();
  assert.deepEqual(linux.intelRdt, { enabled: true, schemata: true, monitoring: true });
  assert.deepEqual(linux.netDevices, { enabled: true });
});

test("every mount option that features lists is understood", {
  skip: skip || differs({ runc: "leaves some to the kernel", crun: "leaves some to the kernel" }),
}, async () => {
  const { mountOptions } = await features();
  for (const option of ["bind", "rro", "tmpcopyup", "ridmap", "rslave"]) {
    assert.ok(mountOptions.includes(option), option);
  }
  const options = mountOptions.filter(
    (option) => !/bind|idmap|shared|slave|private|unbindable|nofollow/.test(option),
  );
  await reportOf({ mounts: [{ destination: "/tmp", type: "tmpfs", source: "tmpfs", options }] });
});
