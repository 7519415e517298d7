import assert from "node:assert/strict";
import { test } from "node:test";
import { parseGroup, parsePasswd } from "./users.ts";

test("lines that are no entries are left out", () => {
  const text =
    "root:x:0:0:root:/root:/bin/sh\n# comment\n\nbad:x:one:0::/:\n+::::::\nweb:x:33:44::/srv:/bin/false";
  assert.deepEqual(parsePasswd(text), [
    { name: "root", uid: 0, gid: 0, home: "/root" },
    { name: "web", uid: 33, gid: 44, home: "/srv" },
  ]);
});

test("a group's members are listed without empty names", () => {
  assert.deepEqual(parseGroup("adm:x:4:a,b,\nempty:x:5:\nbroken:x"), [
    { name: "adm", gid: 4, members: ["a", "b"] },
    { name: "empty", gid: 5, members: [] },
  ]);
});

test("ids that no process can have are no ids", () => {
  assert.deepEqual(parsePasswd("a:x:4294967295:0::/:\nb:x:4294967294:0::/:\nc:x:-1:0::/:\nd:x: 1:0::/:"), [
    { name: "b", uid: 4294967294, gid: 0, home: "/" },
  ]);
});

test("a file with carriage returns and a line of a megabyte", () => {
  const members = Array.from({ length: 100_000 }, (_, index) => `user${index}`);
  const [group] = parseGroup(`big:x:7:${members.join(",")}\r\n`);
  assert.equal(group?.members.length, 100_000);
  assert.equal(group?.members.at(-1), "user99999");
});
