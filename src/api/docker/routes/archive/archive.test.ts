import assert from "node:assert/strict";
import { test } from "node:test";
import { dockerApi } from "../../../../specs/index.ts";
import { createFakeEngine } from "../../testing/fake-engine.ts";
import { openDoor } from "../../testing/open-door.ts";

/** A door with a container `web` that has a file /etc/motd. */
async function openWithFile() {
  const engine = createFakeEngine();
  const door = await openDoor(engine.ports);
  await door.call("POST", "/containers/create?name=web", { body: { Image: "busybox" } });
  const description = {
    name: "motd",
    size: 3,
    mode: 0o100644,
    modifiedAt: "2026-01-02T03:04:05.000000006Z",
    linkTarget: "",
  };
  engine.containers.files.put("/etc/motd", { description, archive: Buffer.from("archive") });
  return { engine, door };
}

test("HEAD and GET describe a path in a header, GET sends its archive", async () => {
  const { door } = await openWithFile();
  await using _ = door;
  const stat = {
    name: "motd",
    size: 3,
    mode: 0o644,
    mtime: "2026-01-02T03:04:05.000000006Z",
    linkTarget: "",
  };
  for (const [method, text] of [
    ["HEAD", ""],
    ["GET", "archive"],
  ] as const) {
    const reply = await door.call(method, "/containers/web/archive?path=etc/motd");
    assert.deepEqual([reply.status, reply.text], [200, text]);
    const header = String(reply.headers["x-docker-container-path-stat"]);
    assert.deepEqual(dockerApi.parsePathStat(header), stat);
  }
  const archive = await door.call("GET", "/v1.24/containers/web/archive?path=/etc/motd");
  assert.equal(archive.headers["content-type"], "application/x-tar");
});

test("what is missing is told from a missing container", async () => {
  const { door } = await openWithFile();
  await using _ = door;
  const missing = await door.call("GET", "/containers/web/archive?path=/nowhere");
  assert.deepEqual(
    [missing.status, (missing.json() as { message: string }).message],
    [404, "Could not find the file /nowhere in container web"],
  );
  const absent = await door.call("GET", "/containers/absent/archive?path=/etc/motd");
  assert.deepEqual(
    [absent.status, (absent.json() as { message: string }).message],
    [404, "No such container: absent"],
  );
  assert.equal((await door.call("GET", "/containers/web/archive")).status, 400);
});

test("PUT hands the archive on with what is asked for", async () => {
  const { door, engine } = await openWithFile();
  await using _ = door;
  const headers = { "Content-Type": "application/x-tar" };
  const query = "path=/tmp&noOverwriteDirNonDir=1&copyUIDGID=true";
  const reply = await door.call("PUT", `/containers/web/archive?${query}`, {
    body: Buffer.from("bytes"),
    headers,
  });
  assert.equal(reply.status, 200);
  await door.call("PUT", "/containers/web/archive?path=/tmp", { body: Buffer.from("more"), headers });
  assert.deepEqual(engine.containers.files.uploads, [
    { container: "web", path: "/tmp", keepKinds: true, asUser: true, archive: Buffer.from("bytes") },
    { container: "web", path: "/tmp", keepKinds: false, asUser: false, archive: Buffer.from("more") },
  ]);
});
