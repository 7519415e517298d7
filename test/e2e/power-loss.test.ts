import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { buildImage, dockerArchive, requireRoot, startTug } from "../environment/index.ts";

const skip = requireRoot();

test("the first command after a power loss waits until images are right, and says so", { skip }, async () => {
  await using tug = await startTug();
  // What takes its time to be unpacked, and little room in an archive.
  const content = Buffer.alloc(400 * 1024 * 1024);
  const image = buildImage({ layers: [{ entries: [{ path: "zeros", content }] }] });
  const load = await tug.tug(["load"], { input: dockerArchive({ "zeros:1": image }) });
  assert.equal(load.code, 0, load.stderr);
  await tug.stopEngine("SIGTERM");
  using database = openDatabase(join(tug.data, "tug.db"));
  database.exec(
    "INSERT OR REPLACE INTO unsynced SELECT 'layer', key, 'another boot' FROM snapshots WHERE key LIKE 'sha256:%'",
  );
  const { code, stdout, stderr } = await tug.tug(["images", "-q"]);
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /^waiting for the engine: it puts right what a power loss may have damaged \(0 blobs, [12] layers\)\n$/,
  );
  assert.notEqual(stdout, "");
  assert.ok(!existsSync(join(tug.run, "engine.work")));
  assert.equal((await tug.tug(["images", "-q"])).stderr, "");
});

function openDatabase(path: string): DatabaseSync & Disposable {
  const database = new DatabaseSync(path);
  return Object.assign(database, { [Symbol.dispose]: () => database.close() });
}
