import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseMountinfo } from "../../src/host/index.ts";
import type { Linux, PropagationMode } from "../../src/specs/oci-runtime/index.ts";
import { probeLines, probeReport } from "../environment/index.ts";
import { container, differs, mountSpace, skip, succeeded, until } from "./harness/index.ts";

/** Which of the mounts made after the start of a container are seen on the other side. */
type Seen = { readonly fromHost: boolean; readonly fromContainer: boolean };

/** Mounts on both sides of a bind mount whose source is shared on the host. */
async function mountBothSides(options: readonly string[], linux: Partial<Linux> = {}): Promise<Seen> {
  await using space = await mountSpace();
  const mounting = { capabilities: { bounding: all, permitted: all, effective: all } };
  // The container waits for the host's mount, makes its own and tells what it sees.
  const script =
    "until [ -e /data/go ]; do sleep 0.01; done; mount -t tmpfs own /data/own && echo mounted && cat /proc/self/mountinfo; cat";
  await using made = await container({
    mounts: [{ destination: "/data", type: "bind", source: "data", options }],
    args: ["sh", "-c", `${script} < /data/fifo`],
    process: mounting,
    linux,
  });
  const data = join(made.bundle, "data");
  mkdirSync(data);
  space.run("mount", "-t", "tmpfs", "tmpfs", data);
  space.run("mount", "--make-shared", data);
  space.run("mkdir", join(data, "late"), join(data, "own"));
  space.run("mkfifo", join(data, "fifo"));
  const flags = ["--bundle", made.bundle];
  const created = succeeded(await made.create(flags, { within: space.within, cwd: "/" }));
  succeeded(await made.start());
  space.run("mount", "-t", "tmpfs", "late", join(data, "late"));
  space.run("touch", join(data, "go"));
  await until("the container has mounted", () => created.output().includes("mounted\n"));
  await until("the container has told its mounts", () => created.output().includes(" /data/own "));
  const host = space.run("cat", "/proc/self/mountinfo");
  return {
    fromHost: created.output().includes(" /data/late "),
    fromContainer: host.includes(` ${data}/own `),
  };
}

const all = ["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"];

for (const [mode, seen] of [
  ["rprivate", { fromHost: false, fromContainer: false }],
  ["private", { fromHost: false, fromContainer: false }],
  ["rslave", { fromHost: true, fromContainer: false }],
  ["slave", { fromHost: true, fromContainer: false }],
  ["rshared", { fromHost: true, fromContainer: true }],
  ["shared", { fromHost: true, fromContainer: true }],
] as const) {
  const host = seen.fromHost ? "appear" : "stay away";
  const own = seen.fromContainer ? "appear outside" : "stay inside";
  test(`bind option ${mode}: mounts of the host ${host}, those of the container ${own}`, {
    skip,
  }, async () => {
    // Docker does the same to the root.
    const linux = { rootfsPropagation: mode };
    assert.deepEqual(await mountBothSides(["rbind", mode], linux), seen);
  });
}

test("a mount is shared in both directions whatever the root is", {
  skip: skip || differs({ runc: "needs a shared root too", crun: "needs a shared root too" }),
}, async () => {
  assert.deepEqual(await mountBothSides(["rbind", "rshared"]), { fromHost: true, fromContainer: true });
});

test("without a word, mounts of the container do not leave it (rule: mounts-stay-inside)", {
  skip,
}, async () => {
  assert.equal((await mountBothSides(["rbind"])).fromContainer, false);
});

test("the last propagation option counts", {
  skip: skip || differs({ crun: "1.21 takes one only" }),
}, async () => {
  const mounts = [
    { destination: "/data", type: "bind", source: "/etc", options: ["rbind", "rshared", "rprivate"] },
  ];
  await using made = await container({ mounts });
  const { mounts: lines } = probeReport(succeeded(await made.run()).stdout);
  const mount = parseMountinfo((lines ?? []).join("\n")).find(({ mountPoint }) => mountPoint === "/data");
  assert.deepEqual(mount?.tags, []);
});

test("a file system made inside can be shared or unbindable", {
  skip: skip || differs({ crun: "1.21 leaves it private" }),
}, async () => {
  const mounts = [
    { destination: "/a", type: "tmpfs", source: "tmpfs", options: ["shared"] },
    { destination: "/b", type: "tmpfs", source: "tmpfs", options: ["unbindable"] },
    { destination: "/c", type: "tmpfs", source: "tmpfs" },
  ];
  await using made = await container({ mounts });
  const report = probeReport(succeeded(await made.run()).stdout);
  const entries = parseMountinfo((report.mounts ?? []).join("\n"));
  const tags = ["/a", "/b", "/c"].map((place) =>
    entries.find(({ mountPoint }) => mountPoint === place)?.tags.join(),
  );
  assert.match(tags[0] ?? "", /^shared:\d+$/);
  assert.equal(tags[1], "unbindable");
  assert.equal(tags[2], "");
});

for (const [mode, pattern] of [
  ["private", /^$/],
  ["rprivate", /^$/],
  ["slave", /^$|^master:\d+$/],
  ["rslave", /^$|^master:\d+$/],
  ["shared", /^shared:\d+$/],
  ["rshared", /^shared:\d+/],
  ["unbindable", /^unbindable$/],
] as const satisfies (readonly [PropagationMode, RegExp])[]) {
  test(`rootfsPropagation ${mode}: the root has it`, {
    skip: skip || (/shared|unb/.test(mode) && differs({ runc: "1.1 leaves the root private" })),
  }, async () => {
    await using made = await container({ linux: { rootfsPropagation: mode } });
    const report = probeReport(succeeded(await made.run()).stdout);
    const root = parseMountinfo((report.mounts ?? []).join("\n")).find(
      ({ mountPoint }) => mountPoint === "/",
    );
    assert.match(root?.tags.join() ?? "none", pattern);
  });
}

test("with rootfsPropagation private nothing of the host's mounts arrives", { skip }, async () => {
  await using space = await mountSpace();
  await using made = await container({
    mounts: [{ destination: "/data", type: "bind", source: "data", options: ["rbind"] }],
    linux: { rootfsPropagation: "rprivate" },
    args: ["probe", "list", "/data/late", ",", "report"],
  });
  const data = join(made.bundle, "data");
  mkdirSync(data);
  space.run("mount", "-t", "tmpfs", "tmpfs", data);
  space.run("mount", "--make-shared", data);
  space.run("mkdir", join(data, "late"));
  const created = succeeded(await made.create(["--bundle", made.bundle], { within: space.within, cwd: "/" }));
  space.run("mount", "-t", "tmpfs", "late", join(data, "late"));
  space.run("touch", join(data, "late/file"));
  succeeded(await made.start());
  await made.stopped();
  assert.deepEqual(probeLines(created.output())[0]?.names, []);
});
