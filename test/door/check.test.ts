import assert from "node:assert/strict";
import { test } from "node:test";
import { openCli } from "./cli.ts";

const damaged = {
  kind: "blob-damaged",
  subject: "sha256:1",
  sentence: "blob sha256:1 of busybox:latest is damaged: its bytes have another digest",
  images: ["busybox:latest"],
  repaired: false,
} as const;
const unusable = {
  ...damaged,
  kind: "document",
  subject: "sha256:2",
  sentence: "it is of no use",
  hint: "do something",
} as const;

test("a store in which nothing is wrong is one line, and progress without a terminal is plain lines", async () => {
  await using cli = await openCli();
  const { code, stdout, stderr } = await cli.run("system check");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(
    stdout,
    `blobs: Verified
3 blobs (4.26MB), 1 image, 2 snapshots checked: nothing is wrong
1 that nothing needs (1kB) would be removed by tug system check --repair
`,
  );
  const quiet = await cli.run("system check -q");
  assert.deepEqual([quiet.code, quiet.stdout], [0, ""]);
  const drawn = await cli.run("system check", { terminal: { height: 24, width: 80 } });
  assert.match(drawn.stdout, /blobs: Verifying .*\x1b\[1A.*blobs: Verified/s);
});

test("each problem is a sentence, and the exit code tells whether all were repaired", async () => {
  await using cli = await openCli();
  cli.engine.images.problems.push(damaged, unusable);
  const found = await cli.run("system check -q");
  assert.equal(found.code, 1);
  assert.equal(found.stdout, `problem: ${damaged.sentence}\nproblem: it is of no use\n  do something\n`);
  const repaired = await cli.run("system check --repair");
  assert.equal(repaired.code, 1);
  assert.equal(
    repaired.stdout,
    `blobs: Verified
repaired: ${damaged.sentence}
problem: it is of no use
  do something
3 blobs (4.26MB), 1 image, 2 snapshots checked: 1 wrong
1 repaired
removed 1 that nothing needs (1kB)
`,
  );
  const json = await cli.run("system check --format json");
  assert.equal(json.code, 1);
  assert.deepEqual(JSON.parse(json.stdout).Problems[1], {
    Kind: "document",
    Subject: "sha256:2",
    Sentence: "it is of no use",
    Images: ["busybox:latest"],
    Repaired: false,
    Hint: "do something",
  });
  cli.engine.images.problems.pop();
  assert.equal((await cli.run("system check --repair")).code, 0);
});
