import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeFields } from "./monitor-fields.ts";
import { encodeMonitorRequest } from "./monitor-request.ts";

test("a request has a length, a version and numbered fields", () => {
  const request = encodeMonitorRequest({ id: "c1", directory: "/r", terminal: true, stdinOnce: true });
  assert.equal(
    request.toString("hex"),
    [
      "1e000000", // length of the rest
      "01000000", // version
      "0100",
      "02000000",
      Buffer.from("c1").toString("hex"),
      "0200",
      "02000000",
      Buffer.from("/r").toString("hex"),
      "0300",
      "04000000",
      "05000000",
    ].join(""),
  );
});

test("every value has its field", () => {
  const fields = decodeFields(
    encodeMonitorRequest({
      id: "ä",
      directory: "/run/x",
      openStdin: true,
      rows: 24,
      columns: 80,
      owner: 1000,
      log: { format: "cri", path: "/log", attributes: { a: "b" }, maxSize: 2 ** 40, maxFiles: 3, maxAge: 60 },
      oom: { file: "/f", eventControl: "/e" },
    }),
  );
  const text = (id: number) => fields.get(id)?.toString();
  const number = (id: number) => fields.get(id)?.readUIntLE(0, fields.get(id)?.length === 8 ? 6 : 4);
  assert.deepEqual([1, 2, 8, 9, 13, 14].map(text), ["ä", "/run/x", "/log", '{"a":"b"}', "/f", "/e"]);
  assert.deepEqual([3, 4, 5, 6, 7, 10, 11, 12].map(number), [2, 24, 80, 1000, 2, 2 ** 40, 3, 60]);
  assert.equal(fields.size, 14);
});
