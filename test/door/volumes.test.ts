import assert from "node:assert/strict";
import { test } from "node:test";
import { openCli } from "./cli.ts";

test("volumes are made, listed, looked at and removed", async () => {
  await using cli = await openCli();
  assert.equal((await cli.run("volume create --label stage=test data")).stdout, "data\n");
  assert.equal((await cli.run("volume create data")).stdout, "data\n", "the one that is there is given");
  assert.equal((await cli.run("volume ls")).stdout, "DRIVER    VOLUME NAME\nlocal     data\n");
  assert.equal((await cli.run("volume ls -q -f label=stage=test -f name=dat")).stdout, "data\n");
  assert.equal((await cli.run("volume ls -q -f dangling=false")).stdout, "");
  assert.equal((await cli.run("volume inspect -f {{.Mountpoint}} data")).stdout, "/v/data/_data\n");
  assert.equal((await cli.run("inspect --type volume -f {{.Labels.stage}} data")).stdout, "test\n");
  assert.equal((await cli.run("volume rm data")).stdout, "data\n");
  const missing = await cli.run("volume rm data");
  assert.deepEqual([missing.code, missing.stderr.split("\n")[0]], [1, "tug: get data: no such volume"]);
  assert.equal((await cli.run("volume rm -f data")).code, 0);
});

test("pruning leaves volumes with a name, unless all are meant, and those that containers have", async () => {
  await using cli = await openCli();
  for (const name of ["named", "used-one"]) await cli.run(`volume create ${name}`);
  await cli.run("volume create --label com.docker.volume.anonymous= c0ffee");
  const reclaimed = "Total reclaimed space: 1kB\n";
  assert.equal((await cli.run("volume prune -f")).stdout, `Deleted Volumes:\nc0ffee\n\n${reclaimed}`);
  assert.equal((await cli.run("volume prune -af")).stdout, `Deleted Volumes:\nnamed\n\n${reclaimed}`);
  assert.equal((await cli.run("volume ls -q")).stdout, "used-one\n");
  assert.match((await cli.run("volume rm used-one")).stderr, /volume is in use - \[c1\]/);
});

test("volumes get other names, are copied, and go into archives and come out of them", async () => {
  await using cli = await openCli();
  await cli.run("volume create data");
  assert.equal((await cli.run("volume rename data old")).stdout, "old\n");
  assert.equal((await cli.run("volume clone old copy")).stdout, "copy\n");
  assert.deepEqual((await cli.run("volume ls -q")).stdout.split("\n"), ["old", "copy", ""]);
  assert.equal((await cli.run("volume export copy")).stdout, "archive of copy");
  assert.equal((await cli.run("volume import third", { input: "bytes" })).stdout, "third\n");
  assert.equal((await cli.run("volume inspect -f {{.Labels.archive}} third")).stdout, "bytes\n");
  assert.equal((await cli.run("volume rename absent other")).code, 1);
  const missing = await cli.run("volume import third /nonexistent");
  assert.match(missing.stderr, /^tug: cannot read \/nonexistent: /);
  assert.match((await cli.run("volume import third /")).stderr, /^tug: cannot read \/: it is no file\n/);
  const terminal = { width: 80, height: 24 };
  assert.match(
    (await cli.run("volume import third", { terminal })).stderr,
    /cannot import from a terminal: an archive is not text/,
  );
});

test("a driver that is not there is refused", async () => {
  await using cli = await openCli();
  const { code, stderr } = await cli.run("volume create -d nfs data");
  assert.deepEqual([code, /plugin "nfs" not found/.test(stderr)], [1, true]);
});
