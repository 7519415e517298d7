import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { container } from "../privileged/harness/index.ts";
import { testEscape } from "./harness/index.ts";

// runc mounted /dev/pts/N on /dev/console by its name: a link there gave the container a file of procfs to write to,
// which the read-only paths that come later do not cover.
// https://github.com/opencontainers/runc/security/advisories/GHSA-qw9x-cqr3-wc7r
testEscape({
  name: "CVE-2025-52565, the new terminal's name is a link to a read-only file",
  without: ["guard_master", "guard_console"],
  ends: /cannot .*\/dev\/pts\/ptmx/,
  async attempt({ command }) {
    await using made = await container(
      {
        args: ["sh", "-c", 'echo owned > /dev/console; echo "domain: $(cat /proc/sys/kernel/domainname)"'],
        process: { terminal: true },
        linux: { readonlyPaths: ["/proc/sys"] },
        change: (spec) => ({
          ...spec,
          mounts: [
            ...(spec.mounts ?? []).map((mount) =>
              mount.type === "devpts" ? { ...mount, destination: "/real" } : mount,
            ),
            { destination: "/dev/pts", type: "bind", source: "pts", options: ["bind"] },
          ],
        }),
      },
      command,
    );
    mkdirSync(join(made.bundle, "pts"));
    symlinkSync("/real/ptmx", join(made.bundle, "pts/ptmx"));
    symlinkSync("/proc/sys/kernel/domainname", join(made.bundle, "pts/0"));
    const outcome = await made.run();
    return { out: outcome.stdout.includes("domain: owned"), outcome };
  },
});
