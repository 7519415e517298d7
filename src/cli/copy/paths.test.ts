import assert from "node:assert/strict";
import { test } from "node:test";
import { readCopyPath } from "./paths.ts";

const read = (text: string) => readCopyPath(text, { cwd: "/home/user" });
const local = (path: string, written: string) => ({ kind: "local", path, written });

test("a container's path is told from one of this machine", () => {
  assert.deepEqual(read("web:/etc"), { kind: "container", container: "web", path: "/etc" });
  assert.deepEqual(read("web:etc/."), { kind: "container", container: "web", path: "/etc/." });
  assert.deepEqual(read("web:/a:b"), { kind: "container", container: "web", path: "/a:b" });
  assert.deepEqual(read("/a:b"), local("/a:b", "/a:b"));
  assert.deepEqual(read("./a:b"), local("/home/user/a:b", "./a:b"));
  assert.deepEqual(read("-"), { kind: "stream" });
  for (const text of ["web:", ":/etc"]) assert.throws(() => read(text), { code: "CLI_COPY" });
});

test("the end of a path keeps its meaning", () => {
  for (const [written, path] of [
    ["dir", "/home/user/dir"],
    ["dir/", "/home/user/dir/"],
    ["dir/.", "/home/user/dir/."],
    [".", "/home/user/."],
    ["..", "/home"],
    ["/", "/"],
    ["/.", "/."],
  ] as const) {
    assert.deepEqual(read(written), local(path, written));
  }
});
