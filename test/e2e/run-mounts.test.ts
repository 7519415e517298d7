import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { boxImage, leavesNothing, needsBox, useEngine } from "./harness/index.ts";

describe("tug run: files", { skip: needsBox() }, () => {
  const engine = useEngine();
  const path = (name: string) => join(engine.directory, name);

  /** Options of the mount at a target, as /proc/self/mountinfo of the container shows them. */
  async function optionsAt(target: string, ...options: string[]): Promise<string[]> {
    const { mounts } = await engine.report(...options);
    const fields = mounts?.map((line) => line.split(" ")).find((words) => words[4] === target);
    return [...(fields?.[5] ?? "").split(","), ...(fields?.at(-1) ?? "").split(",")];
  }

  test("-v binds a directory of the host, writable or not", async () => {
    await mkdir(path("bound"));
    await writeFile(path("bound/file"), "from the host\n");
    const mount = `${path("bound")}:/bound`;
    const output = await engine.sh(["-v", mount], "cat /bound/file; echo inside > /bound/new");
    assert.equal(output, "from the host");
    assert.equal(await readFile(path("bound/new"), "utf8"), "inside\n");
    const refused = await engine.tug(["run", "--rm", "-v", `${mount}:ro`, "box", "touch", "/bound/x"]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /Read-only file system/);
  });

  test("-v takes a path that is relative to where the caller is", async () => {
    await mkdir(path("here/sub"), { recursive: true });
    await writeFile(path("here/sub/file"), "relative\n");
    const args = ["run", "--rm", "-v", "./sub:/x", "box", "cat", "/x/file"];
    assert.equal(await engine.ok(args, { cwd: path("here") }), "relative\n");
  });

  test("-v makes a missing source, and binds single files", async () => {
    await engine.sh(["-v", `${path("made/for/you")}:/x`], "touch /x/file");
    assert.ok(existsSync(path("made/for/you/file")));
    await writeFile(path("single"), "one file\n");
    assert.equal(await engine.sh(["-v", `${path("single")}:/etc/passwd`], "cat /etc/passwd"), "one file");
  });

  test("a named volume is filled from the image, keeps what is written, and stays", async () => {
    const first = await engine.sh(["-v", "kept:/etc"], "ls /etc; echo written > /etc/own; rm /etc/group");
    assert.match(first, /^group\nhostname\nhosts\npasswd\n/);
    const second = await engine.sh(["-v", "kept:/data"], "cat /data/own; test -e /data/group || echo gone");
    assert.equal(second, "written\ngone");
    assert.deepEqual(readdirSync(join(engine.data, "volumes")), ["kept"]);
    assert.equal((await stat(join(engine.data, "volumes/kept/_data/own"))).uid, 0);
  });

  test("a volume takes over owner and mode of the image's directory", async () => {
    const entries = [
      { path: "srv", type: "directory", mode: 0o2750, uid: 1000, gid: 50 },
      { path: "srv/file", content: "x", uid: 1000, gid: 50, mode: 0o640 },
    ] as const;
    await engine.load({ "owned:latest": boxImage({ layers: [{ entries }] }) });
    const script = "stat -c '%u %g %a' /srv /srv/file";
    const args = ["run", "--rm", "-v", "owned:/srv", "owned", "sh", "-c", script];
    assert.equal(await engine.ok(args), "1000 50 2750\n1000 50 640\n");
  });

  test("an anonymous volume goes with --rm, and is filled from the image", async () => {
    const output = await leavesNothing(engine, () => engine.sh(["-v", "/etc"], "cat /etc/group | head -n 1"));
    assert.equal(output, "root:x:0:");
    await engine.load({ "declared:latest": boxImage({ config: { Volumes: { "/home": {} } } }) });
    const args = ["run", "--rm", "declared", "grep", "-c", " /home ", "/proc/mounts"];
    assert.equal(await leavesNothing(engine, () => engine.ok(args)), "1\n");
  });

  test("--mount: bind, volume and tmpfs, with their options", async () => {
    await mkdir(path("m"));
    const bind = `type=bind,source=${path("m")},target=/x,readonly`;
    assert.ok((await optionsAt("/x", "--mount", bind)).includes("ro"));
    assert.ok(!(await optionsAt("/x", "--mount", `type=bind,src=${path("m")},dst=/x`)).includes("ro"));
    const empty = await engine.sh(["--mount", "type=volume,src=bare,dst=/etc,volume-nocopy"], "ls /etc");
    assert.equal(empty, "hostname\nhosts\nresolv.conf");
    const options = await optionsAt("/x", "--mount", "type=tmpfs,dst=/x,tmpfs-size=1m,tmpfs-mode=1700");
    for (const option of ["nosuid", "nodev", "noexec", "size=1024k", "mode=1700"]) {
      assert.ok(options.includes(option), `${option} is not in ${options}`);
    }
  });

  test("--mount refuses a missing source, a type that there is not, and a target that is missing", async () => {
    const refusals: [spec: string, sentence: RegExp][] = [
      [
        `type=bind,src=${path("absent")},dst=/x`,
        /^tug: invalid mount config for \/x \(--mount\): bind source path does not exist: .*\/absent\nmake the directory/,
      ],
      ["type=nfs,dst=/x", /^tug: invalid argument "type=nfs,dst=\/x" for "--mount" flag: .*"nfs"/],
      ["type=bind,src=/tmp", /^tug: invalid argument .* for "--mount" flag: .*target/],
      ["type=bind,dst=/x", /^tug: invalid argument .* for "--mount" flag: a bind mount needs a source/],
      ["type=tmpfs,dst=x", /^tug: .*--mount.* absolute/],
      ["type=tmpfs,dst=/x,frobnicate=1", /^tug: invalid argument .* for "--mount" flag: .*frobnicate/],
    ];
    await leavesNothing(engine, async () => {
      for (const [spec, sentence] of refusals) {
        const { code, stderr } = await engine.tug(["run", "--rm", "--mount", spec, "box", "true"]);
        assert.equal(code, 125, spec);
        assert.match(stderr, sentence);
      }
    });
  });

  test("--tmpfs is empty, limited, and gone with the container", async () => {
    const options = await optionsAt("/etc", "--tmpfs", "/etc:size=64k,mode=0700");
    for (const option of ["rw", "nosuid", "nodev", "noexec", "size=64k", "mode=700"]) {
      assert.ok(options.includes(option), `${option} is not in ${options}`);
    }
    const { code, stderr } = await engine.tug([
      ...[
        "run",
        "--rm",
        "--tmpfs",
        "/t:size=64k",
        "box",
        "dd",
        "if=/dev/zero",
        "of=/t/f",
        "bs=128k",
        "count=1",
      ],
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /No space left on device/);
  });

  test("--read-only leaves nothing to write to but mounts", async () => {
    const script = "touch /x 2>/dev/null || echo refused; touch /dev/shm/x && touch /t/x && echo written";
    assert.equal(await engine.sh(["--read-only", "--tmpfs", "/t"], script), "refused\nwritten");
  });

  test("--shm-size is the size of /dev/shm", async () => {
    assert.ok((await optionsAt("/dev/shm", "--shm-size", "1m")).includes("size=1024k"));
    assert.ok((await optionsAt("/dev/shm")).includes("size=65536k"));
  });

  test("what a container writes is its own, and its root is not the host's", async () => {
    const id = (await engine.ok(["create", "box", "sh", "-c", "echo $$ > /mine; ls /mine"])).trim();
    await engine.ok(["start", "-a", id]);
    assert.equal(await engine.sh([], "ls /mine 2>/dev/null; echo done"), "done");
    assert.ok(!existsSync("/mine"));
    await engine.ok(["rm", id]);
  });
});
