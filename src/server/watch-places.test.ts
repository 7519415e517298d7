import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { watchPlaces } from "./watch-places.ts";

/** Two files that are held open, and a watch over them. */
function openScene() {
  const directory = mkdtempSync(join(tmpdir(), "tug-watch-"));
  const files = ["a", "b"].map((name) => join(directory, name));
  for (const file of files) writeFileSync(file, "");
  const descriptors = files.map((file) => openSync(file, "r"));
  const lost: string[] = [];
  const watch = watchPlaces(files, (path) => lost.push(path));
  return {
    directory,
    files,
    lost,
    watch,
    [Symbol.dispose]() {
      watch.stop();
      for (const descriptor of descriptors) closeSync(descriptor);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

test("files that stay, whatever is written to them, are not lost", () => {
  using scene = openScene();
  writeFileSync(scene.files[0] ?? "", "more");
  scene.watch.check();
  assert.deepEqual(scene.lost, []);
});

test("a removed file is told of once", () => {
  using scene = openScene();
  rmSync(scene.directory, { recursive: true });
  scene.watch.check();
  scene.watch.check();
  assert.deepEqual(scene.lost, [scene.files[0]]);
});

test("another file in the place of one is none of it", () => {
  using scene = openScene();
  const [, file = ""] = scene.files;
  writeFileSync(`${file}.new`, "");
  renameSync(`${file}.new`, file);
  scene.watch.check();
  assert.deepEqual(scene.lost, [file]);
});

test("a watch that has been ended tells nothing", () => {
  using scene = openScene();
  scene.watch.stop();
  rmSync(scene.directory, { recursive: true });
  scene.watch.check();
  assert.deepEqual(scene.lost, []);
});
