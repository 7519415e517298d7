import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { container } from "../privileged/harness/index.ts";
import { testEscape } from "./harness/index.ts";

// runc masked files with whatever the container called /dev/null: a link to a file of procfs put that in their place.
// https://github.com/opencontainers/runc/security/advisories/GHSA-9493-h29p-rfm2
testEscape({
  name: "CVE-2025-31133, the container's /dev/null is a link to what shall be masked",
  without: ["guard_null"],
  ends: "runs",
  async attempt({ command }) {
    await using made = await container(
      {
        args: ["cat", "/proc/uptime"],
        linux: { maskedPaths: ["/proc/uptime", "/proc/version"] },
        change: (spec) => ({
          ...spec,
          mounts: [
            { destination: "/proc", type: "proc", source: "proc" },
            { destination: "/dev", type: "bind", source: "dev", options: ["bind"] },
          ],
        }),
      },
      command,
    );
    mkdirSync(join(made.bundle, "dev"));
    symlinkSync("/proc/version", join(made.bundle, "dev/null"));
    const outcome = await made.run();
    return { out: outcome.stdout.startsWith("Linux version"), outcome };
  },
});
