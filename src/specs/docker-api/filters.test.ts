import assert from "node:assert/strict";
import { test } from "node:test";
import { formatFilters, parseFilters } from "./filters.ts";

test("both forms of the filters parameter give the same filters", () => {
  const lists = parseFilters('{"status":["running","paused"]}', ["status"]);
  const maps = parseFilters('{"status":{"running":true,"paused":true,"dead":false}}', ["status"]);
  assert.deepEqual(lists, new Map([["status", ["running", "paused"]]]));
  assert.deepEqual(maps, lists);
  assert.equal(formatFilters(lists), '{"status":["running","paused"]}');
});

test("no filter is no filter", () => {
  for (const query of [undefined, "", "{}", '{"status":[]}'])
    assert.equal(parseFilters(query, ["status"]).size, 0);
  assert.equal(formatFilters(new Map()), undefined);
});

test("unknown names and other shapes are refused", () => {
  assert.throws(() => parseFilters('{"colour":["red"]}', ["status"]), /invalid filter 'colour'/);
  for (const query of ["x", "[]", '{"status":"running"}', '{"status":[1]}']) {
    assert.throws(() => parseFilters(query, ["status"]), /cannot read the filters parameter/);
  }
});
