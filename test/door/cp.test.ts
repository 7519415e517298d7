import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { archiveOf, directoryNode, fileNode, readAll } from "../../src/tar/testing/archives.ts";
import { type CliBench, openCli } from "./cli.ts";

const cwd = mkdtempSync(join(tmpdir(), "tug-cp-"));
after(() => rmSync(cwd, { recursive: true }));

/** The command line with a container `web` that has a directory /srv with a file in it, and a file /etc/motd. */
async function openWithFiles(): Promise<CliBench> {
  const cli = await openCli();
  assert.equal((await cli.run("create --name web busybox")).code, 0);
  const { files } = cli.engine.containers;
  const common = { modifiedAt: "2026-01-02T03:04:05.000000000Z", linkTarget: "", size: 4 };
  files.put("/srv", {
    description: { ...common, name: "srv", mode: 0o040755 },
    archive: archiveOf([{ node: directoryNode("srv") }, { node: fileNode("srv/page"), data: "page" }]),
  });
  files.put("/etc/motd", {
    description: { ...common, name: "motd", mode: 0o100644 },
    archive: archiveOf([{ node: fileNode("motd"), data: "motd" }]),
  });
  return cli;
}

/** Names and data of what was sent last, and where it was sent to. */
function lastUpload({ engine }: CliBench) {
  const upload = engine.containers.files.uploads.at(-1);
  assert.ok(upload?.keepKinds && !upload.asUser);
  const members = readAll(upload.archive).map(({ node, data }) => `${node.path}=${data}`);
  return [upload.path, ...members];
}

test("files and directories are sent under the names that they are to have", async () => {
  await using cli = await openWithFiles();
  mkdirSync(join(cwd, "site"));
  writeFileSync(join(cwd, "site/index"), "hello");
  for (const [line, ...sent] of [
    ["cp site web:/srv", "/srv", "site/=", "site/index=hello"],
    ["cp site/. web:/srv", "/srv", "./=", "index=hello"],
    ["cp site web:/srv/new", "/srv", "new/=", "new/index=hello"],
    ["cp site/index web:/srv", "/srv", "index=hello"],
    ["cp site/index web:/etc/motd", "/etc", "motd=hello"],
    ["container cp site/index web:other", "/", "other=hello"],
  ] as const) {
    assert.deepEqual(await cli.run(line, { cwd }), { code: 0, stdout: "", stderr: "" }, line);
    assert.deepEqual(lastUpload(cli), sent, line);
  }
});

test("what comes out gets the name that was asked for, and a word about it on a terminal", async () => {
  await using cli = await openWithFiles();
  assert.equal((await cli.run("cp web:/etc/motd .", { cwd })).stderr, "");
  assert.equal(readFileSync(join(cwd, "motd"), "utf8"), "motd");
  const terminal = { height: 9, width: 99 };
  const shown = await cli.run("cp web:/srv copy", { cwd, terminal });
  assert.equal(shown.stderr, "Successfully copied 4B to copy\n");
  assert.equal(readFileSync(join(cwd, "copy/page"), "utf8"), "page");
  assert.equal((await cli.run("cp -q web:/srv again", { cwd, terminal })).stderr, "");
});

test("archives pass as they are", async () => {
  await using cli = await openWithFiles();
  const out = await cli.run("cp web:/etc/motd -", { cwd });
  assert.ok(out.stdout.startsWith("motd\0"));
  assert.equal((await cli.run("cp - web:/srv", { cwd, input: "any bytes" })).code, 0);
  assert.equal(cli.engine.containers.files.uploads.at(-1)?.archive.toString(), "any bytes");
  const refused = await cli.run("cp web:/srv -", { cwd, terminal: { height: 9, width: 99 } });
  assert.match(refused.stderr, /an archive is not text/);
});
