import assert from "node:assert/strict";
import { test } from "node:test";
import { latestConfigs } from "./latest-configs.ts";

const config = (path: string): Buffer =>
  Buffer.from(JSON.stringify({ ociVersion: "1.2.0", process: { cwd: "/", args: ["x"] }, root: { path } }));

test("a configuration that has not changed is parsed once, and one that has is parsed anew", () => {
  const parse = latestConfigs(2);
  const first = parse(config("a"), "/one/config.json");
  assert.equal(first.value.root?.path, "a");
  assert.equal(parse(config("a"), "/one/config.json"), first);
  assert.equal(parse(config("b"), "/one/config.json").value.root?.path, "b");
  assert.notEqual(parse(config("a"), "/one/config.json"), first);
});

test("the one that was used longest ago is forgotten, and one that is refused is refused again", () => {
  const parse = latestConfigs(2);
  const first = parse(config("a"), "/one");
  parse(config("a"), "/two");
  assert.equal(parse(config("a"), "/one"), first);
  parse(config("a"), "/three");
  assert.equal(parse(config("a"), "/one"), first);
  for (const _ of [1, 2]) assert.throws(() => parse(Buffer.from("{"), "/one"));
});
