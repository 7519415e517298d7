import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveUser } from "./user.ts";

const files = {
  passwd: "root:x:0:0::/root:/bin/sh\nweb:x:33:44::/srv:/bin/false\n7:x:99:99::/:/bin/false\n",
  group: "root:x:0:\nwww:x:44:\nadm:x:4:web,root\naudio:x:29:web\n",
};

test("a name brings its group and every group that lists it", () => {
  assert.deepEqual(resolveUser("web", [], files), { uid: 33, gid: 44, groups: [4, 29] });
  assert.deepEqual(resolveUser("", [], files), { uid: 0, gid: 0, groups: [4] });
});

test("a given group takes the place of all of them", () => {
  assert.deepEqual(resolveUser("web:audio", [], files), { uid: 33, gid: 29, groups: [] });
  assert.deepEqual(resolveUser("web:4", ["www"], files), { uid: 33, gid: 4, groups: [44] });
});

test("digits are a number, also where a user has such a name", () => {
  assert.deepEqual(resolveUser("7", [], files), { uid: 7, gid: 0, groups: [] });
  assert.deepEqual(resolveUser("1000:1001", [], files), { uid: 1000, gid: 1001, groups: [] });
});

test("a name that the files do not have is an error that names it", () => {
  assert.throws(() => resolveUser("nobody", [], files), {
    code: "ENGINE_USER",
    message: /user nobody.*passwd/,
  });
  assert.throws(() => resolveUser("web", ["video"], files), { code: "ENGINE_USER", message: /group video/ });
  assert.throws(() => resolveUser("99999999999", [], files), { code: "ENGINE_USER" });
});
