import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { container } from "../privileged/harness/index.ts";
import { testEscape } from "./harness/index.ts";

// runc looked a mount's target up, saw a directory, and mounted by the name: by then it was a link, which the kernel
// followed out of the root. Here the link is there from the beginning, which is what who wins that race has reached.
// https://github.com/opencontainers/runc/security/advisories/GHSA-c3xm-pvg7-gh7r
testEscape({
  name: "CVE-2021-30465, a volume's target is exchanged for a link to the host",
  without: ["guard_open"],
  ends: "runs",
  async attempt({ command }) {
    const script = `cat /proc/$(sed 's/.*"pid": *\\([0-9]*\\).*/\\1/')/mountinfo > mountinfo`;
    const hook = { path: "/bin/sh", args: ["sh", "-c", script] };
    await using made = await container(
      {
        args: ["true"],
        mounts: [{ destination: "/volume/data", type: "bind", source: "volume", options: ["bind"] }],
        top: { hooks: { createRuntime: [hook] } },
      },
      command,
    );
    const outside = join(made.directory, "outside");
    for (const path of [join(outside, "data"), join(made.bundle, "volume")])
      mkdirSync(path, { recursive: true });
    symlinkSync(outside, join(made.rootfs, "volume"));
    const outcome = await made.run();
    // What the container's process had mounted before it left the host's root behind.
    const mounts = readFileSync(join(made.bundle, "mountinfo"), "utf8");
    assert.match(mounts, /rootfs\/proc /);
    return { out: mounts.includes(` ${outside}/data `), outcome };
  },
});

// runc made what was missing on the way to a mount's target by name: directories, and an empty file at the end.
// https://github.com/opencontainers/runc/security/advisories/GHSA-jfvp-7x6p-h2pv
testEscape({
  name: "CVE-2024-45310, files and directories are made on the host",
  without: ["guard_open"],
  ends: "runs",
  async attempt({ command }) {
    await using made = await container(
      {
        args: ["true"],
        mounts: [{ destination: "/volume/new/file", type: "bind", source: "volume", options: ["bind"] }],
      },
      command,
    );
    const outside = join(made.directory, "outside");
    mkdirSync(outside);
    writeFileSync(join(made.bundle, "volume"), "");
    symlinkSync(outside, join(made.rootfs, "volume"));
    const outcome = await made.run();
    return { out: existsSync(join(outside, "new/file")), outcome };
  },
});

// runc made links in /dev, and removed what was there before, by name: an image whose /dev is a link chose where.
// https://github.com/opencontainers/runc/security/advisories/GHSA-xjvp-4fhw-gc47
testEscape({
  name: "CVE-2026-41579, an image's /dev is a link to the host",
  without: ["guard_open"],
  ends: "runs",
  async attempt({ command }) {
    await using made = await container(
      {
        args: ["true"],
        change: (spec) => ({
          ...spec,
          mounts: (spec.mounts ?? []).filter(({ destination }) => !destination.startsWith("/dev")),
        }),
      },
      command,
    );
    const outside = join(made.directory, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "ptmx"), "the host's");
    rmdirSync(join(made.rootfs, "dev"));
    symlinkSync(outside, join(made.rootfs, "dev"));
    const outcome = await made.run();
    const untouched =
      readdirSync(outside).join() === "ptmx" && readFileSync(join(outside, "ptmx"), "utf8") === "the host's";
    return { out: !untouched, outcome };
  },
});
