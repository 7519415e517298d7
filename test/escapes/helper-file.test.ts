import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { container, isDead, succeeded, until } from "../privileged/harness/index.ts";
import { testEscape } from "./harness/index.ts";

/**
 * The container's own process, waiting for a runtime to come in: it opens the file that this one runs from, ends it,
 * and writes to the file when nobody executes it any more, which takes as long as the runtime outside waits.
 */
const intruder = `
  while :; do
    for file in /proc/[0-9]*/exe; do
      grep -q 'tug:[[]run' "\${file%exe}cmdline" 2>/dev/null || continue
      exec 3<"$file" || continue
      pid="\${file%/exe}"
      kill -KILL "\${pid#/proc/}"
      for attempt in $(seq 100); do
        message=$( (echo owned >/proc/self/fd/3) 2>&1) && exit
        case "$message" in *busy*) sleep 0.1 ;; *) echo "$message"; exit 1 ;; esac
      done
    done
  done`;

// runc ran inside the container from its file on the host, which the container reached through /proc/PID/exe.
// https://www.openwall.com/lists/oss-security/2019/02/11/2
testEscape({
  name: "CVE-2019-5736, the runtime's own file is written through /proc/PID/exe",
  without: ["seal"],
  ends: /Read-only file system/,
  async attempt({ command, helper }) {
    await using made = await container({ args: ["sh", "-c", intruder] }, command);
    const before = readFileSync(helper);
    const fifo = join(made.directory, "fifo");
    execFileSync("mkfifo", [fifo]);
    // Held open by a writer, and the program must not read what it writes itself.
    const descriptors = [openSync(fifo, "r+"), openSync(fifo, "r")];
    try {
      const main = succeeded(await made.run(["--detach"]));
      const { pid } = await made.state();
      // The image's program is the runtime itself, in a role in which it waits for input.
      const { code, stderr } = await made.runtime(["exec", made.id, "/proc/self/exe", "run", "0"], {
        stdin: descriptors[1] ?? 0,
      });
      assert.equal(code, 137, `${stderr}${main.output()}`);
      await until("the intruder has ended", () => isDead(pid));
      const outcome = { code: main.code, stdout: main.output(), stderr: main.output() };
      const out = !readFileSync(helper).equals(before);
      writeFileSync(helper, before); // It has to remove the container.
      return { out, outcome };
    } finally {
      descriptors.forEach(closeSync);
    }
  },
});
