import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { mountsBelow, requireRoot, startTug, type TugInstance } from "../environment/index.ts";
import { needsTerminal, startShell } from "./harness/index.ts";

/** Everything about the files of the host that a container could have changed. */
function listing(): string {
  const facts = "%p %y %m %U %G %s %T@ %C@ %l\n";
  return execFileSync("find", ["/etc", "/usr/bin", "/usr/lib", "-xdev", "-maxdepth", "2", "-printf", facts], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
}

describe("tug run @host", { skip: requireRoot() }, () => {
  const probe = `/usr/lib/tug-test-${process.pid}`;
  let instance: TugInstance;
  before(async () => {
    instance = await startTug();
    mkdirSync(probe);
    writeFileSync(join(probe, "file"), "the host's\n");
  });
  after(async () => {
    await instance?.[Symbol.asyncDispose]();
    rmSync(probe, { recursive: true, force: true });
  });
  const sh = async (script: string, ...options: string[]): Promise<string> => {
    const { code, stdout, stderr } = await instance.tug([
      "run",
      "--rm",
      ...options,
      "@host",
      "sh",
      "-c",
      script,
    ]);
    assert.equal(code, 0, stderr);
    return stdout;
  };

  test("whatever is done in it, the host's files stay as they are", async () => {
    const before = listing();
    // The engine mounts layers that it has.
    await instance.tug(["info"]);
    const mounts = mountsBelow(instance.directory);
    const printed = await sh(`
      cat ${probe}/file
      echo changed > ${probe}/file && mv ${probe}/file ${probe}/moved && cat ${probe}/moved
      rm -rf ${probe} /usr/share/doc/base-files /usr/bin/find
      echo root::0:0:::/bin/false > /etc/passwd
      chmod 0 /etc/shadow /etc && chown 7:7 /usr
      touch -d 2001-01-01 /etc/fstab
      mkdir /new && ln /usr/bin/env /new/link
      ls -d /new ${probe} /usr/bin/find 2>/dev/null || true
    `);
    assert.equal(printed, "the host's\nchanged\n/new\n");
    assert.equal(listing(), before);
    assert.deepEqual(mountsBelow(instance.directory), mounts);
    assert.equal(existsSync("/new"), false);
  });

  test("what is written is gone when it stops, and another one does not see it", async () => {
    await instance.tug([
      "create",
      "--name",
      "twice",
      "@host",
      "sh",
      "-c",
      "ls /made 2>/dev/null; echo x > /made; cat /made",
    ]);
    for (let round = 0; round < 2; round++) {
      const { stdout } = await instance.tug(["start", "--attach", "twice"]);
      assert.equal(stdout, "x\n");
    }
    await instance.tug(["rm", "twice"]);
    assert.equal(await sh("ls -d /made || echo none"), "none\n");
  });

  test("what is mounted on the host is not in it", async () => {
    const mount = join(instance.directory, "mounted");
    mkdirSync(mount);
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", mount]);
    writeFileSync(join(mount, "secret"), "x");
    try {
      assert.equal(await sh(`ls -A ${mount}; echo end`), "end\n");
    } finally {
      execFileSync("umount", [mount]);
    }
  });

  test("the engine's socket leads nowhere in it", async () => {
    const connect = `socket(S, PF_UNIX, SOCK_STREAM, 0); print connect(S, sockaddr_un("${instance.run}/tug.sock")) ? "open" : "shut"`;
    assert.equal(await sh(`perl -MSocket -e '${connect}'`), "shut");
  });

  test("it is a container like any other: limited, with few rights, alone with its processes", async () => {
    const script =
      "hostname; id -u; grep CapEff /proc/self/status; ls /proc | grep -c '^[0-9]'; mount -t tmpfs t /mnt 2>&1 | grep -o denied";
    const printed = await sh(script, "--hostname", "box", "--memory", "64m");
    assert.match(printed, /^box\n0\nCapEff:\t00000000a80425fb\n[1-5]\ndenied\n$/);
  });

  test("-it gives a shell in it", { skip: needsTerminal() }, async () => {
    await using terminal = await startShell(instance);
    await terminal.enter("tug run -it --rm --hostname view @host sh; echo code $?");
    await terminal.endsWith(/^#$/);
    await terminal.enter(`hostname; cat ${probe}/file; rm -r ${probe}; ls ${probe}`);
    await terminal.shows(/^view$/);
    await terminal.shows(/No such file/);
    await terminal.enter("exit 5");
    await terminal.shows(/^code 5$/);
    assert.equal(readFileSync(join(probe, "file"), "utf8"), "the host's\n");
  });
});
