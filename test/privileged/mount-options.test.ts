import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type MountEntry, parseMountinfo } from "../../src/host/index.ts";
import { probeLines, probeReport } from "../environment/index.ts";
import { type Container, container, differs, probe, reportOf, skip, succeeded } from "./harness/index.ts";

/** The mount that the container sees at a place. */
async function mountAt(made: Container, place: string): Promise<MountEntry> {
  const { mounts } = probeReport(succeeded(await made.run()).stdout);
  const found = parseMountinfo((mounts ?? []).join("\n")).findLast(({ mountPoint }) => mountPoint === place);
  assert.ok(found, `nothing is mounted on ${place}`);
  return found;
}

/** A container with a directory of the host, which holds a file, at /data. */
async function withData(...options: string[]): Promise<Container> {
  const mounts = [{ destination: "/data", type: "bind", source: "data", options }];
  const made = await container({ mounts });
  mkdirSync(join(made.bundle, "data"));
  writeFileSync(join(made.bundle, "data/file"), "content\n");
  return made;
}

test("a bind mount without options can be written, and what is written is on the host", {
  skip,
}, async () => {
  await using made = await container({
    mounts: [{ destination: "/data", type: "bind", source: "data", options: ["bind"] }],
    args: ["sh", "-c", "cat /data/file; echo new > /data/new"],
  });
  mkdirSync(join(made.bundle, "data"));
  writeFileSync(join(made.bundle, "data/file"), "content\n");
  assert.equal(succeeded(await made.run()).stdout, "content\n");
  assert.equal(execFileSync("cat", [join(made.bundle, "data/new")], { encoding: "utf8" }), "new\n");
});

for (const option of ["ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "nosymfollow"]) {
  test(`bind option ${option}: the mount has it`, {
    skip: skip || (option === "nosymfollow" && differs({ crun: "1.21 ignores nosymfollow" })),
  }, async () => {
    await using made = await withData("bind", option);
    const { options } = await mountAt(made, "/data");
    assert.ok(options.includes(option), options.join());
    assert.equal(options.includes("ro"), option === "ro");
  });
}

test("the atime modes exclude each other, the last one counts", {
  skip: skip || differs({ runc: "strictatime stays", crun: "strictatime stays" }),
}, async () => {
  for (const [options, wanted] of [
    [["bind", "noatime", "strictatime"], undefined],
    [["bind", "strictatime", "noatime"], "noatime"],
    [["bind", "noatime", "relatime"], "relatime"],
  ] as const) {
    await using made = await withData(...options);
    const found = (await mountAt(made, "/data")).options.filter((name) => name.endsWith("atime"));
    assert.deepEqual(found, wanted === undefined ? [] : [wanted], options.join());
  }
});

test("options have their effect on the program", { skip }, async () => {
  const mounts = [
    { destination: "/ro", type: "tmpfs", source: "tmpfs", options: ["ro"] },
    { destination: "/noexec", type: "bind", source: "rootfs/bin", options: ["bind", "noexec"] },
    { destination: "/nodev", type: "bind", source: "/dev", options: ["bind", "nodev"] },
  ];
  const words = ["create", "/ro/x", "", ",", "open", "/nodev/null", ",", "open", "/noexec/sh"];
  const lines = await probe(words, { mounts });
  assert.deepEqual(
    lines.map(({ errno }) => errno),
    ["EROFS", "EACCES", null],
  );
  await using made = await container({ mounts, args: ["sh", "-c", "/noexec/true; echo $?"] });
  assert.equal(succeeded(await made.run()).stdout, "126\n");
});

/** A directory of the bundle with a mount of its own and another below it. */
function nestedMounts({ bundle }: Container, option: string): void {
  mkdirSync(join(bundle, "data"));
  execFileSync("mount", ["-t", "tmpfs", "-o", option, "tmpfs", join(bundle, "data")]);
  mkdirSync(join(bundle, "data/below"));
  execFileSync("mount", ["-t", "tmpfs", "-o", option, "tmpfs", join(bundle, "data/below")]);
}

/** What two places below /data answer to an attempt to write, for some options of the mount. */
async function writesWith(...options: string[]): Promise<(string | null)[]> {
  await using made = await container({
    mounts: [{ destination: "/data", type: "bind", source: "data", options }],
    args: ["probe", "create", "/data/x", "", ",", "create", "/data/below/x", ""],
  });
  nestedMounts(made, "mode=755");
  try {
    return probeLines(succeeded(await made.run()).stdout).map(({ errno }) => errno);
  } finally {
    execFileSync("umount", ["-R", join(made.bundle, "data")]);
  }
}

test("bind takes one mount, rbind those below it too", { skip }, async () => {
  for (const [option, count] of [
    ["bind", 1],
    ["rbind", 2],
  ] as const) {
    await using made = await container({
      mounts: [{ destination: "/data", source: "data", options: [option] }],
    });
    nestedMounts(made, "mode=755");
    try {
      const { mounts } = probeReport(succeeded(await made.run()).stdout);
      assert.equal(mounts?.filter((line) => line.includes(" /data")).length, count);
    } finally {
      execFileSync("umount", ["-R", join(made.bundle, "data")]);
    }
  }
});

test("ro protects the mount alone, rro those below it too", {
  skip,
}, async () => {
  assert.deepEqual(await writesWith("rbind", "rw"), [null, null]);
  assert.deepEqual(await writesWith("rbind", "ro"), ["EROFS", null]);
  assert.deepEqual(await writesWith("rbind", "rro"), ["EROFS", "EROFS"]);
});

test("a flag of the source stays unless the options take it away", {
  skip: skip || differs({ runc: "ro drops the source's flags", crun: "ro drops the source's flags" }),
}, async () => {
  for (const [options, wanted] of [
    [
      ["bind", "ro"],
      ["ro", "nosuid", "noexec"],
    ],
    [
      ["bind", "exec"],
      ["rw", "nosuid"],
    ],
    [["bind", "suid", "exec"], ["rw"]],
  ] as const) {
    await using made = await container({
      mounts: [{ destination: "/data", type: "bind", source: "data", options }],
    });
    mkdirSync(join(made.bundle, "data"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "nosuid,noexec", "tmpfs", join(made.bundle, "data")]);
    try {
      const flags = (await mountAt(made, "/data")).options.filter((name) => name !== "relatime");
      assert.deepEqual(flags, wanted, options.join());
    } finally {
      execFileSync("umount", [join(made.bundle, "data")]);
    }
  }
});

test("a tmpfs has its size, mode and flags", { skip }, async () => {
  const options = ["nosuid", "nodev", "noexec", "size=1m", "mode=1750", "nr_inodes=50"];
  const mounts = [{ destination: "/run", type: "tmpfs", source: "anything", options }];
  await using made = await container({ mounts });
  const mount = await mountAt(made, "/run");
  assert.equal(mount.source, "anything");
  for (const flag of ["nosuid", "nodev", "noexec"]) assert.ok(mount.options.includes(flag), flag);
  for (const option of ["size=1024k", "nr_inodes=50", "mode=1750"])
    assert.ok(mount.superOptions.includes(option), option);
});

test("a tmpfs without a mode takes that of the directory it covers", { skip }, async () => {
  await using made = await container({
    mounts: [{ destination: "/cover", type: "tmpfs", source: "tmpfs" }],
    args: ["probe", "stat", "/cover"],
  });
  execFileSync("install", ["-d", "-m", "1711", join(made.rootfs, "cover")]);
  assert.equal(probeLines(succeeded(await made.run()).stdout)[0]?.mode, 0o1711);
});

test("options that say what is the case anyway are accepted", { skip }, async () => {
  const mounts = [
    {
      destination: "/a",
      type: "bind",
      source: "/etc",
      options: ["defaults", "rbind", "rw", "exec", "dev", "suid"],
    },
  ];
  assert.ok((await reportOf({ mounts })).mounts?.some((line) => line.includes(" /a ")));
});

test("an option that the file system does not know is refused with its place, and nothing stays", {
  skip,
}, async () => {
  await using made = await container({
    mounts: [{ destination: "/run", type: "tmpfs", source: "tmpfs", options: ["nonsense=1"] }],
  });
  const { code, stderr } = await made.run();
  assert.notEqual(code, 0);
  assert.match(stderr, /run.*invalid argument/i);
  made.assertNothingLeft();
});

test("tmpcopyup fills a tmpfs with what it covers: files, links, modes, owners", {
  skip,
}, async () => {
  const words = ["sh", "-c", "ls -l /etc/skel | wc -l; cat /etc/skel/sub/file; probe stat /etc/skel/own"];
  await using made = await container({
    mounts: [{ destination: "/etc/skel", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"] }],
    args: [
      ...words.slice(0, 2),
      `${words[2]} , stat /etc/skel/link , create /etc/skel/new x , stat /etc/skel`,
    ],
  });
  const skeleton = join(made.rootfs, "etc/skel");
  mkdirSync(join(skeleton, "sub"), { recursive: true, mode: 0o750 });
  writeFileSync(join(skeleton, "sub/file"), "copied\n");
  execFileSync("sh", ["-c", "echo x > own; chown 12:34 own; chmod 640 own; ln -s /somewhere link"], {
    cwd: skeleton,
  });
  const [count, content, ...rest] = succeeded(await made.run()).stdout.split("\n");
  assert.deepEqual([count, content], ["4", "copied"]);
  const [own, link, created] = probeLines(rest.join("\n"));
  assert.deepEqual([own?.uid, own?.gid, own?.mode], [12, 34, 0o640]);
  assert.equal(link?.target, "/somewhere");
  assert.equal(created?.errno, null);
  assert.throws(() => execFileSync("test", ["-e", join(skeleton, "new")]), "the rootfs is not written to");
});

test("tmpcopyup leaves the mode and the owner of the tmpfs that the options name", { skip }, async () => {
  const options = ["tmpcopyup", "mode=1777", "uid=5", "gid=6"];
  const [there] = await probe(["stat", "/new"], {
    mounts: [{ destination: "/new", type: "tmpfs", source: "tmpfs", options }],
  });
  assert.deepEqual([there?.mode, there?.uid, there?.gid], [0o1777, 5, 6]);
});

test("an idmapped mount shows files as the mapped user's", {
  skip: skip || differs({ runc: "1.1 has no idmapped mounts", crun: "1.21 takes no relative source here" }),
}, async () => {
  const mappings = [{ containerID: 0, hostID: 1000, size: 10 }];
  await using made = await container({
    mounts: [
      {
        destination: "/data",
        type: "bind",
        source: "data",
        options: ["bind"],
        uidMappings: mappings,
        gidMappings: mappings,
      },
    ],
    args: ["probe", "stat", "/data/file"],
  });
  mkdirSync(join(made.bundle, "data"));
  writeFileSync(join(made.bundle, "data/file"), "");
  const [line] = probeLines(succeeded(await made.run()).stdout);
  assert.deepEqual([line?.uid, line?.gid], [1000, 1000]);
});
