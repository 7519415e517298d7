import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { tarArchive } from "../environment/index.ts";
import { leavesNothing, needsBox, startTugCommand, until, useEngine } from "./harness/index.ts";

describe("tug volume", { skip: needsBox() }, () => {
  const engine = useEngine();
  const names = async (...filter: string[]) =>
    (await engine.ok(["volume", "ls", "-q", ...filter])).split("\n").filter((name) => name !== "");

  test("a volume is there before and after its containers, with what they wrote", async () => {
    assert.equal(await engine.ok(["volume", "create", "--label", "stage=test", "kept"]), "kept\n");
    await engine.sh(["-v", "kept:/data"], "echo one >/data/file");
    assert.equal(await engine.sh(["-v", "kept:/data:ro"], "cat /data/file"), "one");
    const place = (await engine.ok(["volume", "inspect", "-f", "{{.Mountpoint}}", "kept"])).trim();
    assert.equal(await readFile(join(place, "file"), "utf8"), "one\n");
    assert.equal(await engine.ok(["volume", "inspect", "-f", "{{.Labels.stage}}", "kept"]), "test\n");
    await engine.ok(["volume", "rm", "kept"]);
    assert.equal(existsSync(place), false);
    assert.deepEqual(await names(), []);
  });

  test("one that a container has, running or not, cannot be removed", async () => {
    await engine.ok(["create", "--name", "holder", "-v", "held:/data", "box"]);
    const id = (await engine.ok(["inspect", "-f", "{{.Id}}", "holder"])).trim();
    const refused = await engine.tug(["volume", "rm", "-f", "held"]);
    assert.equal(refused.code, 1);
    assert.equal(refused.stderr.split("\n")[0], `tug: remove held: volume is in use - [${id}]`);
    assert.deepEqual(await names("-f", "dangling=false"), ["held"]);
    assert.match(await engine.ok(["volume", "prune", "-af"]), /^Total reclaimed space: 0B$/m);
    await engine.ok(["rm", "holder"]);
    await engine.ok(["volume", "rm", "held"]);
  });

  test("volumes without a name are pruned first, and what they took is told", async () => {
    await engine.ok(["volume", "create", "named"]);
    await engine.ok([
      "run",
      "--name",
      "writer",
      "-v",
      "/data",
      "box",
      "sh",
      "-c",
      "head -c 1000000 /dev/zero >/data/x",
    ]);
    const df = await engine.ok([
      "system",
      "df",
      "--format",
      "{{.Type}}: {{.TotalCount}} {{.Active}} {{.Size}}",
    ]);
    assert.match(df, /^Local Volumes: 2 1 1(\.\d+)?MB$/m);
    await engine.ok(["rm", "writer"]);
    assert.match(
      await engine.ok(["volume", "prune", "-f"]),
      /^Deleted Volumes:\n[0-9a-f]{64}\n\nTotal reclaimed space: 1(\.\d+)?MB\n$/,
    );
    assert.deepEqual(await names(), ["named"]);
    assert.match(await engine.ok(["volume", "prune", "-af"]), /^Deleted Volumes:\nnamed\n/);
  });

  test("with o=bind a volume is a directory of the host, which stays", async () => {
    const directory = join(engine.directory, "shared");
    await mkdir(directory);
    const options = ["type=none", "o=bind", `device=${directory}`].flatMap((option) => ["-o", option]);
    await engine.ok(["volume", "create", ...options, "shared"]);
    await writeFile(join(directory, "from-host"), "host\n");
    assert.equal(
      await engine.sh(["-v", "shared:/data"], "cat /data/from-host; touch /data/from-box"),
      "host",
    );
    assert.deepEqual((await readdir(directory)).sort(), ["from-box", "from-host"]);
    await engine.ok(["volume", "rm", "shared"]);
    assert.deepEqual((await readdir(directory)).sort(), ["from-box", "from-host"]);
    const refused = await engine.tug(["volume", "create", "-o", "type=nfs", "-o", "device=:/x", "remote"]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /cannot make volume remote: the options type=nfs, o= are not there/);
    assert.deepEqual(await names(), []);
  });

  test("the next engine knows them, also those that nothing is on record of, and finishes removals", async () => {
    await engine.ok(["volume", "create", "--label", "a=b", "known"]);
    await engine.stopEngine("SIGKILL");
    await mkdir(join(engine.data, "volumes/found/_data"), { recursive: true });
    assert.deepEqual(await names(), ["found", "known"]);
    assert.equal(await engine.ok(["volume", "inspect", "-f", "{{.Labels.a}}", "known"]), "b\n");
    await engine.ok(["volume", "rm", "known", "found"]);
    const told = await engine.ok([
      "events",
      "--since",
      "5m",
      "--until",
      "0s",
      "--filter",
      "type=volume",
      "--format",
      "{{.Action}} {{.Actor.ID}}",
    ]);
    assert.match(told, /^create known\n(.*\n)*destroy known\ndestroy found\n$/m);
  });

  test("a container that is removed while it is made leaves none", () =>
    leavesNothing(engine, async () => {
      // The image's files are copied into each of them, which takes a while.
      const volumes = ["-v", "/bin", "-v", "/etc", "-v", "/usr"];
      await using making = startTugCommand(engine, ["create", "--name", "brief", ...volumes, "box"]);
      await until("it is removed", async () => (await engine.tug(["rm", "-v", "brief"])).code === 0);
      assert.equal(await making.code, 0);
      assert.equal(await engine.ok(["ps", "-aq"]), "");
    }));

  test("--volumes-from gives a container the mounts of another, --rm leaves them", async () => {
    await engine.ok([
      "run",
      "--name",
      "source",
      "-v",
      "/data",
      "-v",
      `${engine.directory}:/host:ro`,
      "box",
      "sh",
      "-c",
      "echo hi >/data/x",
    ]);
    assert.equal(
      await engine.sh(["--volumes-from", "source"], "cat /data/x; touch /host/x 2>&1 || true"),
      "hi\ntouch: /host/x: Read-only file system",
    );
    const readOnly = await engine.tug([
      "run",
      "--rm",
      "--volumes-from",
      "source:ro",
      "box",
      "touch",
      "/data/y",
    ]);
    assert.match(readOnly.stderr, /Read-only file system/);
    assert.equal(await engine.sh(["--volumes-from", "source"], "cat /data/x"), "hi");
    const missing = await engine.tug(["run", "--rm", "--volumes-from", "absent", "box", "true"]);
    assert.deepEqual([missing.code, /No such container: absent/.test(missing.stderr)], [125, true]);
    await engine.ok(["rm", "-v", "source"]);
    assert.deepEqual(await names(), []);
  });

  test("a volume that no container has gets another name, and keeps what is in it", async () => {
    await engine.ok(["volume", "create", "--label", "stage=test", "before"]);
    await engine.sh(["-v", "before:/data"], "echo one >/data/file");
    await engine.ok(["create", "--name", "holder", "-v", "before:/data", "box"]);
    const used = await engine.tug(["volume", "rename", "before", "after"]);
    assert.deepEqual([used.code, /^tug: rename before: volume is in use/.test(used.stderr)], [1, true]);
    await engine.ok(["rm", "holder"]);
    await engine.ok(["volume", "create", "taken"]);
    const taken = await engine.tug(["volume", "rename", "before", "taken"]);
    assert.deepEqual(
      [taken.code, taken.stderr.split("\n")[0]],
      [1, "tug: a volume named taken is there already"],
    );
    assert.equal((await engine.tug(["volume", "rename", "before", "../x"])).code, 1);
    assert.equal(await engine.ok(["volume", "rename", "before", "after"]), "after\n");
    assert.deepEqual(await names(), ["after", "taken"]);
    assert.equal(await engine.ok(["volume", "inspect", "-f", "{{.Labels.stage}}", "after"]), "test\n");
    assert.equal(await engine.sh(["-v", "after:/data:ro"], "cat /data/file"), "one");
    await engine.ok(["volume", "rm", "after", "taken"]);
  });

  test("a rename that an engine has died in is finished by the next one, or undone", async () => {
    for (const name of ["moved", "stays"]) {
      await engine.ok(["volume", "create", name]);
      await engine.sh(["-v", `${name}:/data`], `echo ${name} >/data/file`);
    }
    await engine.stopEngine("SIGKILL");
    const database = new DatabaseSync(join(engine.data, "tug.db"));
    for (const [name, becomes] of [
      ["moved", "there"],
      ["stays", "nowhere"],
    ]) {
      const set = database.prepare(
        "UPDATE volumes SET document = json_set(document, '$.becomes', ?) WHERE name = ?",
      );
      set.run(becomes ?? "", name ?? "");
    }
    database.close();
    await rename(join(engine.data, "volumes/moved"), join(engine.data, "volumes/there"));
    assert.deepEqual(await names(), ["stays", "there"]);
    assert.equal(await engine.sh(["-v", "there:/data:ro"], "cat /data/file"), "moved");
    await engine.ok(["volume", "rm", "stays", "there"]);
  });

  test("a clone has the files, owners and labels of the other, and goes its own way", async () => {
    await engine.ok(["volume", "create", "--label", "stage=test", "one"]);
    const fill =
      "echo a >/data/file; mkdir /data/dir; ln -s file /data/link; ln /data/file /data/hard; chown 7:8 /data /data/dir";
    await engine.sh(["-v", "one:/data"], fill);
    assert.equal(await engine.ok(["volume", "clone", "one", "two"]), "two\n");
    await engine.sh(["-v", "one:/data"], "echo b >/data/file");
    const look = "cat /data/hard; readlink /data/link; stat -c '%u:%g %h' /data /data/dir /data/file";
    assert.equal(await engine.sh(["-v", "two:/data:ro"], look), "a\nfile\n7:8 3\n7:8 2\n0:0 2");
    assert.equal(await engine.ok(["volume", "inspect", "-f", "{{.Labels.stage}}", "two"]), "test\n");
    assert.equal((await engine.tug(["volume", "clone", "one", "two"])).code, 1);
    assert.equal((await engine.tug(["volume", "clone", "absent", "three"])).code, 1);
    assert.deepEqual(await names(), ["one", "two"]);
    await engine.ok(["volume", "rm", "one", "two"]);
  });

  test("an archive of a volume brings it back, and a broken one leaves none", async () => {
    const file = join(engine.directory, "volume.tar");
    await engine.sh(["-v", "source:/data"], "echo kept >/data/file; chmod 750 /data; chown 7:8 /data/file");
    await engine.ok(["volume", "export", "-o", file, "source"]);
    assert.equal(await engine.ok(["volume", "import", "again", file]), "again\n");
    assert.equal(
      await engine.sh(["-v", "again:/data"], "cat /data/file; stat -c '%a %u:%g' /data /data/file"),
      "kept\n750 0:0\n644 7:8",
    );
    const archive = await readFile(file);
    assert.equal((await engine.tug(["volume", "import", "third"], { input: gzipSync(archive) })).code, 0);
    assert.equal(await engine.sh(["-v", "third:/data"], "echo more >/data/other; cat /data/file"), "kept");
    assert.equal((await engine.tug(["volume", "import", "third", "-"], { input: archive })).code, 0);
    assert.equal(await engine.sh(["-v", "third:/data"], "cat /data/other"), "more", "what is there stays");
    const broken = await engine.tug(["volume", "import", "broken"], { input: archive.subarray(0, 700) });
    assert.equal(broken.code, 1, broken.stdout);
    const hostile = tarArchive([{ type: "file", path: "../../escaped", content: "x" }]);
    await engine.tug(["volume", "import", "hostile"], { input: hostile });
    assert.equal(existsSync(join(engine.data, "volumes/escaped")), false);
    assert.equal((await engine.tug(["volume", "export", "absent"])).code, 1);
    assert.equal((await names()).includes("broken"), false);
    assert.equal(existsSync(join(engine.data, "volumes/broken")), false);
    await engine.ok(["volume", "rm", "-f", "source", "again", "third", "hostile"]);
  });
});
