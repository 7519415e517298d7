import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Spec } from "../../src/specs/oci-runtime/index.ts";
import { type Container, container } from "../privileged/harness/index.ts";
import { testEscape } from "./harness/index.ts";

/** A volume whose files two containers share; mounted before all else. */
const volume = { destination: "/volume", type: "bind", source: "volume", options: ["bind"] } as const;

/** The plain mounts, with others before and after them. */
function around(spec: Spec, before: Spec["mounts"], after: Spec["mounts"] = []): Spec {
  return { ...spec, mounts: [...(before ?? []), ...(spec.mounts ?? []), ...(after ?? [])] };
}

/** Makes the rootfs's /proc a link. */
function linkProc({ rootfs }: Container, target: string): void {
  rmdirSync(join(rootfs, "proc"));
  symlinkSync(target, join(rootfs, "proc"));
}

/** Writes files into the volume: text, or the target of a link in brackets. */
function fill({ bundle }: Container, files: Readonly<Record<string, string | { link: string }>>): void {
  mkdirSync(join(bundle, "volume"));
  for (const [name, content] of Object.entries(files)) {
    const path = join(bundle, "volume", name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof content === "string") writeFileSync(path, content);
    else symlinkSync(content.link, path);
  }
}

/** What the other container does between two steps of the runtime: procfs gets another name, and something else its. */
const exchange = {
  createRuntime: [{ path: "/bin/sh", args: ["sh", "-c", "mv volume/a volume/b && mv volume/c volume/a"] }],
};

// An image's /proc was a link into a volume that another container changed: procfs was mounted at one place, and masks
// and read-only paths went to another. The second time the link was resolved before it was looked at.
// https://github.com/opencontainers/runc/security/advisories/GHSA-fh74-hm69-rqjw
// https://github.com/opencontainers/runc/security/advisories/GHSA-vpvm-3wq2-2wvm
for (const [name, target] of [
  ["CVE-2019-19921, /proc is a link into a shared volume", "volume/a"],
  ["CVE-2023-27561, /proc is a link to a link into a shared volume", "/volume/link/../a"],
] as const) {
  testEscape({
    name,
    without: ["guard_resolve"],
    ends: /cannot .*\/proc/,
    async attempt({ command }) {
      await using made = await container(
        {
          args: ["cat", "/volume/b/version"],
          linux: { maskedPaths: ["/proc/version"] },
          top: { hooks: exchange },
          change: (spec) => around(spec, [volume]),
        },
        command,
      );
      fill(made, { "a/empty": "", "c/empty": "", "other/empty": "", link: { link: "other" } });
      linkProc(made, target);
      const outcome = await made.run();
      return { out: outcome.stdout.startsWith("Linux version"), outcome };
    },
  });
}

// Labels were written to /proc of the container, which was a link to what looked like it: the program ran without.
// https://github.com/opencontainers/runc/security/advisories/GHSA-g2j6-57v7-gm8c
testEscape({
  name: "CVE-2023-28642, /proc is a link to files that take a label and do nothing",
  without: ["guard_resolve", "guard_open_proc"],
  ends: /cannot /,
  async attempt({ command }) {
    await using made = await container(
      {
        args: ["echo", "runs without a label"],
        process: { apparmorProfile: "no-such-profile" },
        top: { hooks: exchange },
        change: (spec) => around(spec, [volume]),
      },
      command,
    );
    fill(made, { "a/empty": "", "c/self/attr/exec": "" });
    linkProc(made, "volume/a");
    const outcome = await made.run();
    return { out: outcome.stdout === "runs without a label\n", outcome };
  },
});

// An image declared a volume on /proc: a label was written to a plain file of it, and the program ran without.
// https://github.com/opencontainers/runc/issues/2128
testEscape({
  name: "CVE-2019-16884, a volume on /proc takes the label",
  without: ["guard_open_proc"],
  ends: /cannot .*apparmorProfile/,
  async attempt({ command }) {
    await using made = await container(
      {
        args: ["echo", "runs without a label"],
        process: { apparmorProfile: "no-such-profile" },
        change: (spec) => around(spec, [], [{ ...volume, destination: "/proc" }]),
      },
      command,
    );
    fill(made, { "self/attr/exec": "" });
    const outcome = await made.run();
    const out = outcome.stdout === "runs without a label\n";
    if (out)
      assert.match(readFileSync(join(made.bundle, "volume/self/attr/exec"), "utf8"), /no-such-profile/);
    return { out, outcome };
  },
});

// What runc wrote below /proc went to whatever was mounted there: a harmless value to a file that is not.
// https://github.com/opencontainers/runc/security/advisories/GHSA-cgrx-mc8f-2prm
testEscape({
  name: "CVE-2025-52881, a kernel parameter is written through a link to another",
  without: ["guard_open_proc"],
  ends: "runs",
  async attempt({ command }) {
    await using made = await container(
      {
        args: ["cat", "/real/sys/kernel/domainname"],
        linux: { sysctl: { "net.ipv4.ip_default_ttl": "33" } },
        change: (spec) =>
          around(
            spec,
            [{ destination: "/real", type: "proc", source: "proc" }],
            [{ ...volume, destination: "/proc" }],
          ),
      },
      command,
    );
    fill(made, { "sys/net/ipv4/ip_default_ttl": { link: "/real/sys/kernel/domainname" } });
    const outcome = await made.run();
    return { out: outcome.stdout === "33\n", outcome };
  },
});

// The first half of the same: a mount whose target is a link into procfs covers what is read and written there.
testEscape({
  name: "CVE-2025-52881, a mount's target is a link into procfs",
  without: ["guard_target"],
  ends: /cannot .*\/data\/file/,
  async attempt({ command }) {
    await using made = await container(
      {
        args: ["cat", "/proc/sys/kernel/domainname"],
        change: (spec) => around(spec, [], [{ ...volume, destination: "/data/file", source: "volume/file" }]),
      },
      command,
    );
    fill(made, { file: "covered" });
    mkdirSync(join(made.rootfs, "data"));
    symlinkSync("/proc/sys/kernel/domainname", join(made.rootfs, "data/file"));
    const outcome = await made.run();
    return { out: outcome.stdout === "covered", outcome };
  },
});
