import assert from "node:assert/strict";
import { test } from "node:test";
import { dockerApi } from "../../../specs/index.ts";
import { nested } from "./nesting.ts";

const summary = (Id: string, name: string, parent?: string): dockerApi.ContainerSummary =>
  ({
    Id,
    Names: [`/${name}`],
    Labels: parent === undefined ? {} : { [dockerApi.PARENT_LABEL]: parent },
  }) as unknown as dockerApi.ContainerSummary;

test("containers come after those that they lie in, at any depth, with the names of those", () => {
  const list = [
    summary("4", "deep", "3"),
    summary("3", "worker", "1"),
    summary("2", "db"),
    summary("5", "lost", "9"),
    summary("1", "web"),
  ];
  assert.deepEqual(
    nested(list).map(({ Names }) => Names[0]),
    ["/db", "/lost", "/web", "/web/worker", "/web/worker/deep"],
  );
});
