import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { tarArchive } from "../environment/index.ts";
import { leavesNothing, needsBox, useEngine } from "./harness/index.ts";

describe("tug cp", { skip: needsBox() }, () => {
  const engine = useEngine();
  /** Containers that every test uses: one runs, one never did. */
  const both = ["running", "stopped"] as const;
  before(async () => {
    await engine.ok(["run", "-d", "--name", "running", "box", "sleep", "900"]);
    await engine.ok(["create", "--name", "stopped", "box", "sleep", "900"]);
    const at = await directory();
    for (const name of ["home", "opt", "root", "tmp"]) mkdirSync(join(at, name));
    for (const name of both) await engine.ok(["cp", `${at}/.`, `${name}:/`]);
  });

  const directory = (): Promise<string> => mkdtemp(join(engine.directory, "cp-"));
  const refusal = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await engine.tug(["cp", ...args]);
    assert.equal(code, 1, `${args.join(" ")}: ${stderr}`);
    return stderr.split("\n")[0] ?? "";
  };

  /** A small tree: a file, a script, a link, a second name, a directory. */
  async function sample(): Promise<string> {
    const at = await directory();
    mkdirSync(join(at, "tree/sub"), { recursive: true });
    writeFileSync(join(at, "tree/file"), "content\n");
    writeFileSync(join(at, "tree/sub/script"), "#!/bin/sh\necho ran\n");
    chmodSync(join(at, "tree/sub/script"), 0o750);
    symlinkSync("file", join(at, "tree/link"));
    linkSync(join(at, "tree/file"), join(at, "tree/twin"));
    utimesSync(join(at, "tree/file"), 1_000_000_000, 1_000_000_000);
    return at;
  }

  for (const name of both) {
    test(`a tree goes into a ${name} container and comes out as it was`, async () => {
      const at = await sample();
      await engine.ok(["cp", "tree", `${name}:/srv`], { cwd: at });
      await engine.ok(["cp", `${name}:/srv`, "back"], { cwd: at });
      assert.equal(readFileSync(join(at, "back/file"), "utf8"), "content\n");
      assert.equal(statSync(join(at, "back/file")).mtimeMs, 1_000_000_000_000);
      assert.equal(statSync(join(at, "back/sub/script")).mode & 0o7777, 0o750);
      assert.equal(readlinkSync(join(at, "back/link")), "file");
      assert.equal(statSync(join(at, "back/file")).ino, statSync(join(at, "back/twin")).ino);
    });

    test(`the rules about directories hold in a ${name} container`, async () => {
      const at = await sample();
      const list = async (path: string) => {
        const { stdout } = await engine.tug(["cp", `${name}:${path}`, "-"]);
        return tarNames(Buffer.from(stdout, "utf8"));
      };
      await engine.ok(["cp", "tree/file", `${name}:/tmp`], { cwd: at });
      await engine.ok(["cp", "tree/file", `${name}:/tmp/other`], { cwd: at });
      await engine.ok(["cp", "tree", `${name}:/tmp`], { cwd: at });
      await engine.ok(["cp", "tree/.", `${name}:/tmp/made`], { cwd: at });
      await engine.ok(["cp", "tree/sub/.", `${name}:/tmp`], { cwd: at });
      const names = await list("/tmp");
      for (const path of ["file", "other", "tree/sub/script", "made/sub/script", "script"]) {
        assert.ok(names.includes(`tmp/${path}`), `${path} in ${names.join(" ")}`);
      }
      assert.match(
        await refusal(join(at, "tree"), `${name}:/tmp/file`),
        /a directory to \/tmp\/file: it is a file/,
      );
      assert.match(await refusal(join(at, "tree/file"), `${name}:/none/`), /no such directory/);
      assert.match(
        await refusal(join(at, "tree/file"), `${name}:/none/new`),
        /Could not find the file \/none in container/,
      );
      assert.match(
        await refusal(join(at, "tree/file"), `${name}:/etc/passwd/new`),
        /not a directory|Could not find/,
      );
      assert.match(
        await refusal(`${name}:/none`, at),
        new RegExp(`Could not find the file /none in container ${name}`),
      );
      assert.match(await refusal(`${name}:/etc`, join(at, "tree/file")), /it is a file/);
      assert.match(await refusal(`${name}:/etc`, join(at, "none/new")), /directory .*none does not exist/);
    });

    test(`links in a ${name} container lead where they lead inside, and never out`, async () => {
      const at = await directory();
      const secret = join(at, "secret");
      writeFileSync(secret, "of the host");
      const archive = tarArchive([
        { path: "out", type: "symlink", target: `${at}/secret` },
        { path: "up", type: "symlink", target: "../../../../../../../../../../.." },
        { path: "etc-link", type: "symlink", target: "/etc" },
      ]);
      await engine.ok(["cp", "-", `${name}:/root`], { input: archive });
      // As such, followed inside, and as a directory on the way.
      await engine.ok(["cp", `${name}:/root/out`, `${at}/link`]);
      assert.equal(readlinkSync(`${at}/link`), `${at}/secret`);
      assert.match(await refusal("-L", `${name}:/root/out`, at), /Could not find the file/);
      assert.match(await refusal(`${name}:/root/up${at}/secret`, at), /Could not find the file/);
      const inside = await engine.ok(["cp", `${name}:/root/up/etc/passwd`, "-"]);
      assert.ok(inside.includes("user:x:1000"), "the passwd file is that of the image");
      await engine.ok(["cp", secret, `${name}:/root/etc-link`]);
      await engine.ok(["cp", "-L", `${name}:/root/etc-link`, `${at}/etc`]);
      assert.equal(readFileSync(`${at}/etc/secret`, "utf8"), "of the host");
      assert.ok(!existsSync("/etc/secret"), "nothing was written to the host's own /etc");
      await engine.ok(["cp", secret, `${name}:/root/up/written`]);
      assert.ok(!existsSync("/written"));
    });

    test(`an archive cannot lead out of its directory in a ${name} container`, async () => {
      const at = await directory();
      const hostile: [reason: RegExp, archive: Buffer][] = [
        [/\.\./, tarArchive([{ path: "../escaped", content: "x" }])],
        [
          /too many levels of symbolic links|not a directory/,
          tarArchive([
            { path: "x", type: "symlink", target: at },
            { path: "x/escaped", content: "x" },
          ]),
        ],
        [
          /too many levels of symbolic links|not a directory/,
          tarArchive([
            { path: "y", type: "symlink", target: "/" },
            { path: "h", type: "hardlink", target: "y/etc/passwd" },
          ]),
        ],
      ];
      for (const [reason, archive] of hostile) {
        const { code, stderr } = await engine.tug(["cp", "-", `${name}:/opt/..`], { input: archive });
        assert.equal(code, 1);
        assert.match(stderr, reason);
      }
      assert.ok(!existsSync(join(at, "escaped")));
    });
  }

  test("an archive of a container cannot write outside of the directory it is unpacked to", async () => {
    const at = await directory();
    mkdirSync(join(at, "in"));
    const bad = tarArchive([
      { path: "d/x", type: "symlink", target: at },
      { path: "d/y/file", content: "fine" },
    ]);
    await engine.ok(["cp", "-", "running:/home"], { input: bad });
    // A second visit brings a file below what was a link at the first.
    await engine.ok(["cp", "running:/home/d", join(at, "in")]);
    await engine.ok([
      "exec",
      "running",
      "sh",
      "-c",
      "rm /home/d/x && mkdir /home/d/x && echo hi > /home/d/x/escaped",
    ]);
    const again = await engine.tug(["cp", "running:/home/d", join(at, "in")]);
    assert.deepEqual([again.code, /something other than a directory is there/.test(again.stderr)], [1, true]);
    assert.ok(!existsSync(join(at, "escaped")));
  });

  test("owners are root's and the caller's, or with -a what they were", async () => {
    const at = await directory();
    writeFileSync(join(at, "mine"), "x");
    chownSync(join(at, "mine"), 1234, 5678);
    chmodSync(join(at, "mine"), 0o4755);
    const stat = async (path: string) =>
      (await engine.ok(["exec", "running", "stat", "-c", "%u:%g %a", path])).trim();
    await engine.ok(["cp", join(at, "mine"), "running:/tmp/plain"]);
    assert.equal(await stat("/tmp/plain"), "0:0 4755");
    await engine.ok(["cp", "-a", join(at, "mine"), "running:/tmp/kept"]);
    assert.equal(await stat("/tmp/kept"), "1234:5678 4755");
    await engine.ok(["cp", "running:/tmp/kept", join(at, "out")]);
    const out = lstatSync(join(at, "out"));
    assert.deepEqual([out.uid, out.mode & 0o7777], [process.getuid?.(), 0o755]);
    await engine.ok(["cp", "-a", "running:/tmp/kept", join(at, "same")]);
    const same = lstatSync(join(at, "same"));
    assert.deepEqual([same.uid, same.gid, same.mode & 0o7777], [1234, 5678, 0o4755]);
  });

  test("what is mounted is written where it is mounted from, unless it is read-only", () =>
    leavesNothing(engine, async () => {
      const at = await directory();
      writeFileSync(join(at, "file"), "x");
      mkdirSync(join(at, "bound"));
      const mounts = ["-v", `${at}/bound:/bound`, "-v", `${at}/bound:/fixed:ro`, "--read-only"];
      await engine.ok(["create", "--name", "mounted", ...mounts, "box", "sleep", "900"]);
      const check = async (state: string) => {
        await engine.ok(["cp", join(at, "file"), `mounted:/bound/${state}`]);
        assert.equal(readFileSync(join(at, "bound", state), "utf8"), "x");
        assert.match(
          await refusal(join(at, "file"), "mounted:/fixed"),
          /\/fixed in container mounted: it is read-only/,
        );
        assert.match(
          await refusal(join(at, "file"), "mounted:/etc"),
          /\/etc in container mounted: it is read-only/,
        );
        const names = tarNames(Buffer.from(await engine.ok(["cp", "mounted:/fixed", "-"])));
        assert.ok(names.includes(`fixed/${state}`));
      };
      await check("stopped");
      await engine.ok(["start", "mounted"]);
      await check("running");
      await engine.ok(["rm", "-f", "mounted"]);
    }));

  test("what cannot be copied is refused with a sentence", async () => {
    assert.match(await refusal("running:/etc", "stopped:/etc"), /cannot copy between containers/);
    assert.match(await refusal("/etc/passwd", "/tmp"), /one side must be in a container/);
    assert.match(
      await refusal("/no/such/file", "running:/tmp"),
      /cannot copy \/no\/such\/file: no such file/,
    );
    assert.match(await refusal("absent:/etc", "/tmp"), /No such container: absent/);
    assert.match(await refusal("-", "running:/etc/passwd"), /it must be a directory/);
    assert.match(await refusal("running:", "/tmp"), /it must look like CONTAINER:PATH/);
  });

  test("a container that was copied to starts as before, and sees what was copied", async () => {
    const { stdout } = await engine.tug(["cp", "/etc/hostname", "stopped:/tmp/from-host"]);
    assert.equal(stdout, "");
    await engine.ok(["start", "stopped"]);
    assert.equal(
      await engine.ok(["exec", "stopped", "cat", "/tmp/from-host"]),
      readFileSync("/etc/hostname", "utf8"),
    );
  });
});

/** The names of the members of a plain archive; long names are not expected here. */
function tarNames(archive: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
    const text = (from: number, length: number) =>
      archive.toString("latin1", at + from, at + from + length).split("\0", 1)[0] ?? "";
    const size = Number.parseInt(text(124, 12), 8) || 0;
    if (text(156, 1) !== "x") names.push(text(0, 100));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return names;
}
