import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openCli } from "./cli.ts";

test("push sends one tag, latest if none is named, and shows the progress", async () => {
  await using cli = await openCli({ local: ["debian:12", "debian:13", "app:latest"] });
  const { code, stdout, stderr } = await cli.run("push debian:12");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(stdout.split("\n"), [
    "The push refers to repository [docker.io/library/debian]",
    "abababababab: Preparing",
    "abababababab: Mounted from library/other",
    `12: digest: sha256:${"cd".repeat(32)} size: 528`,
    "",
  ]);
  assert.equal((await cli.run("push -q app")).stdout, "docker.io/library/app:latest\n");
  assert.equal((await cli.run("image push -aq debian")).stdout, "docker.io/library/debian\n");
  await cli.run("push --platform aarch64 debian:13");
  assert.deepEqual(
    cli.engine.images.pushes.map(({ reference, allTags, platform }) => [
      reference,
      allTags,
      platform?.architecture,
    ]),
    [
      ["debian:12", false, undefined],
      ["app:latest", false, undefined],
      ["debian", true, undefined],
      ["debian:13", false, "arm64"],
    ],
  );
});

test("a push that cannot be says why", async () => {
  await using cli = await openCli({ local: ["broken:1"] });
  const missing = await cli.run("push missing:1");
  assert.deepEqual([missing.code, missing.stderr.split("\n")[0]], [1, "tug: No such image: missing:1"]);
  const denied = await cli.run("push broken:1");
  assert.deepEqual([denied.code, denied.stderr.split("\n")[0]], [1, "tug: cannot push broken: denied"]);
  const both = await cli.run("push -a broken:1");
  assert.match(both.stderr, /^tug: cannot push all tags of broken:1: it names one\npush -a broken\n/);
});

test("pull, save and load know platforms", async () => {
  await using cli = await openCli({ local: ["app:latest"], remote: ["app:2"] });
  await cli.run("pull --all-platforms --platform x86_64 app:2");
  await cli.run("pull app:2");
  assert.deepEqual(
    cli.engine.images.pulls.map(({ platform, allPlatforms }) => [platform?.architecture, allPlatforms]),
    [
      ["amd64", true],
      [undefined, false],
    ],
  );
  await cli.run("save --platform arm64 app");
  await cli.run("load --platform arm64", { input: "archive" });
  assert.deepEqual(cli.engine.images.platforms, ["save linux/arm64", "load linux/arm64"]);
});

test("search shows repositories, shortened, and those only that fit", async () => {
  await using cli = await openCli({});
  const { code, stdout, stderr } = await cli.run("search box");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.trimEnd()),
    [
      "NAME        DESCRIPTION                     STARS     OFFICIAL",
      "box         A small system in one program   12        [OK]",
      "team/box                                    3",
      "built/box   \ufffd[2Jgone\ufffd                       0",
    ],
  );
  const names = async (line: string) =>
    (await cli.run(`search --format {{.Name}} ${line} box`)).stdout.trim().split("\n");
  assert.deepEqual(await names("--filter is-official=true"), ["box"]);
  assert.deepEqual(await names("--filter stars=3 -f is-official=false"), ["team/box"]);
  assert.deepEqual(await names("--filter is-automated=true"), ["built/box"]);
  await cli.run("search --limit 7 registry.example/team/box");
  assert.deepEqual(cli.engine.images.remoteCalls.at(-1), [
    "search",
    { term: "registry.example/team/box", limit: 7, auth: undefined },
  ]);
  assert.match((await cli.run("search --limit 101 box")).stderr, /^tug: .*--limit/);
  assert.match((await cli.run("search -f stars=many box")).stderr, /^tug: invalid filter 'stars=many'/);
  assert.match((await cli.run("search -f colour=red box")).stderr, /^tug: invalid filter 'colour'/);
});

test("prune asks before it removes anything, unless it is told not to", async () => {
  await using cli = await openCli({ local: ["a:1", "b:1"] });
  const asked = await cli.run("image prune -a", { input: "n\n" });
  assert.deepEqual([asked.code, asked.stdout], [0, ""]);
  assert.equal(asked.stderr, "This removes all images that no container uses. Go on? [y/N] ");
  assert.equal((await cli.run("image prune -f")).stdout, "Total reclaimed space: 0B\n");
  const done = await cli.run("image prune -a", { input: "y\n" });
  assert.match(
    done.stdout,
    /^Deleted Images:\nuntagged: a:1\ndeleted: sha256:.*\nTotal reclaimed space: 8\.52MB\n$/s,
  );
});

test("import takes an archive from a file, from stdin, or leaves an address to the engine", async () => {
  await using cli = await openCli();
  const id = `sha256:${"12".repeat(32)}\n`;
  const piped = await cli.run(["import", "-c", "CMD sh", "-m", "mine", "-", "base:1"], { input: "archive" });
  assert.deepEqual([piped.code, piped.stdout], [0, id]);
  assert.equal((await cli.run("import https://files.example/a.tar")).stdout, id);
  const directory = await mkdtemp(join(tmpdir(), "tug-cli-"));
  try {
    await writeFile(join(directory, "a.tar"), "from a file");
    assert.equal((await cli.run("import a.tar", { cwd: directory })).stdout, id);
    execFileSync("mkfifo", [join(directory, "pipe")]);
    const written = writeFile(join(directory, "pipe"), "from a pipe");
    assert.equal((await cli.run("import pipe", { cwd: directory })).stdout, id);
    await written;
    assert.match((await cli.run("import .", { cwd: directory })).stderr, /it is no file\n/);
    assert.match(
      (await cli.run("import none", { cwd: directory })).stderr,
      /^tug: cannot read .*none: no such file or directory\n/,
    );
  } finally {
    await rm(directory, { recursive: true });
  }
  assert.deepEqual(
    cli.engine.images.imports.map(({ source, name, changes }) => [source, name, changes]),
    [
      ["archive", "base:1", ["CMD sh"]],
      ["https://files.example/a.tar", undefined, []],
      ["from a file", undefined, []],
      ["from a pipe", undefined, []],
    ],
  );
});

test("tree shows what an image consists of, and what of it is here", async () => {
  await using cli = await openCli({ local: ["app:1"] });
  const { code, stdout } = await cli.run("image tree app:1");
  assert.equal(code, 0);
  assert.deepEqual(
    stdout.split("\n").map((line) => line.replace(/sha256:[0-9a-f]{12}/, "DIGEST")),
    [
      "app:1  index  DIGEST  6kB",
      "├─ linux/amd64  DIGEST  4.5kB",
      "│  ├─ config  DIGEST  1.5kB",
      "│  └─ layer  DIGEST  1.5kB  unpacked",
      "├─ linux/arm64  DIGEST  1.5kB  not here",
      "└─ attestation-manifest  DIGEST  1.5kB  not here",
      "",
    ],
  );
  const json = JSON.parse((await cli.run("image tree --format json app:1")).stdout);
  assert.deepEqual([json.Kind, json.Children.length, json.Children[0].Platform], ["index", 3, "linux/amd64"]);
  assert.match((await cli.run("image tree --no-trunc app:1")).stdout, /sha256:[0-9a-f]{64}/);
  assert.match((await cli.run("image tree none")).stderr, /^tug: No such image: none\n/);
});

test("diff shows what differs in Docker's letters", async () => {
  await using cli = await openCli({ local: ["a:1", "b:1"] });
  assert.equal((await cli.run("image diff a:1 b:1")).stdout, "A /etc/added\nC /etc/changed\nD /gone\n");
  assert.match((await cli.run("image diff a:1 none")).stderr, /^tug: No such image: none\n/);
});

test("image squash names the new image or not, and prints its id", async () => {
  await using cli = await openCli();
  const id = `sha256:${"34".repeat(32)}\n`;
  assert.deepEqual(await cli.run("image squash busybox"), { code: 0, stdout: id, stderr: "" });
  assert.equal((await cli.run("image squash -t flat:1 busybox")).stdout, id);
  assert.match((await cli.run("images")).stdout, /^flat +1 /m);
  assert.equal((await cli.run("image squash none")).code, 1);
});
