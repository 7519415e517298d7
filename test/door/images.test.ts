import assert from "node:assert/strict";
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
