import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../environment/index.ts";
import { makeRootfs, runBox } from "../helper/box.ts";
import { container } from "../privileged/harness/index.ts";
import { testEscape } from "./harness/index.ts";

// A descriptor of a directory of the host was open in runc's init, so that /proc/self/fd/N as the working directory
// led there, and out of it by "..". The helper's init has one of the host's procfs.
// https://github.com/opencontainers/runc/security/advisories/GHSA-xr7r-f8xq-vfvv
testEscape({
  name: "CVE-2024-21626, the working directory is a descriptor of the host",
  without: ["guard_open", "guard_directory"],
  ends: /cannot .*\/proc\/self\/fd\/\d+/,
  async attempt({ command }) {
    await using directory = await temporaryDirectory();
    const secret = join(directory.path, "secret");
    writeFileSync(secret, "the host's");
    for (let descriptor = 3; ; descriptor++) {
      const cwd = `/proc/self/fd/${descriptor}`;
      await using made = await container({ args: ["cat", `..${secret}`], process: { cwd } }, command);
      const outcome = await made.run();
      const out = outcome.stdout === "the host's";
      if (out || descriptor === 12) return { out, outcome };
    }
  },
});

// The same of a descriptor that the caller of the runtime had left open.
testEscape({
  name: "CVE-2024-21626, a descriptor of the host is open in the container",
  without: ["guard_descriptors"],
  ends: /No such file|can't open|nonexistent/i,
  async attempt({ helper }) {
    await using directory = await temporaryDirectory();
    writeFileSync(join(directory.path, "secret"), "the host's");
    const rootfs = await makeRootfs(directory.path);
    const descriptor = openSync(directory.path, "r");
    try {
      const outcome = await runBox(
        rootfs,
        "cat /proc/self/fd/3/secret",
        {},
        { descriptors: [descriptor], program: helper },
      );
      const { stdout, stderr, waitStatus = 0 } = outcome;
      return { out: stdout === "the host's", outcome: { stdout, stderr, code: waitStatus >> 8 } };
    } finally {
      closeSync(descriptor);
    }
  },
});
