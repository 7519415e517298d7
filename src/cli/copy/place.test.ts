import assert from "node:assert/strict";
import { test } from "node:test";
import { type CopyTarget, placeCopy } from "./place.ts";

const file = { path: "a/file", directory: false };
const directory = { path: "a/dir", directory: true };
const contents = { path: "a/dir/.", directory: true };

/** Source, target, what is there, and where the copy goes: `DIRECTORY NAME`. */
const places: [source: typeof file, path: string, found: CopyTarget["found"], place: string][] = [
  [file, "/to", "directory", "/to file"],
  [file, "/to/", "directory", "/to/ file"],
  [file, "/to/other", "file", "/to other"],
  [file, "/to/new", undefined, "/to new"],
  [file, "new", undefined, ". new"],
  [file, "/new", undefined, "/ new"],
  [directory, "/to", "directory", "/to dir"],
  [directory, "/to/new", undefined, "/to new"],
  [directory, "/to/new/", undefined, "/to new"],
  [contents, "/to", "directory", "/to "],
  [contents, "/to/new", undefined, "/to new"],
  [contents, "/to/new/.", undefined, "/to new"],
  [{ path: ".", directory: true }, "/to", "directory", "/to "],
  [{ path: "/", directory: true }, "/to", "directory", "/to "],
  [{ path: "a/dir/", directory: true }, "/to", "directory", "/to dir"],
];

for (const [source, path, found, place] of places) {
  test(`${source.path} to ${path}, where ${found ?? "nothing"} is, goes to ${place}`, () => {
    const { directory: into, name } = placeCopy(source, { path, found });
    assert.equal(`${into} ${name}`, place);
  });
}

const refused: [source: typeof file, path: string, found: CopyTarget["found"], reason: RegExp][] = [
  [directory, "/to/file", "file", /cannot copy a directory to \/to\/file: it is a file/],
  [file, "/to/none/", undefined, /cannot copy to \/to\/none\/: no such directory/],
  [file, "/to/file/", "file", /cannot copy to \/to\/file\/: it is not a directory/],
];

for (const [source, path, found, message] of refused) {
  test(`${source.path} to ${path}, where ${found ?? "nothing"} is, is refused`, () => {
    assert.throws(() => placeCopy(source, { path, found }), { code: "CLI_COPY", message });
  });
}
