import assert from "node:assert/strict";
import { test } from "node:test";
import { readPublish } from "./publish.ts";

test("a port is published at every address, at one, or where the engine likes", () => {
  assert.deepEqual(readPublish("80"), [["80/tcp", { HostIp: "", HostPort: "" }]]);
  assert.deepEqual(readPublish("8080:80"), [["80/tcp", { HostIp: "", HostPort: "8080" }]]);
  assert.deepEqual(readPublish("127.0.0.1:8080:80/udp"), [
    ["80/udp", { HostIp: "127.0.0.1", HostPort: "8080" }],
  ]);
  assert.deepEqual(readPublish("127.0.0.1::80"), [["80/tcp", { HostIp: "127.0.0.1", HostPort: "" }]]);
  assert.deepEqual(readPublish("[::1]:8080:80"), [["80/tcp", { HostIp: "::1", HostPort: "8080" }]]);
});

test("ranges go side by side, or leave a choice", () => {
  assert.deepEqual(
    readPublish("8000-8001:80-81").map(([port, { HostPort }]) => [port, HostPort]),
    [
      ["80/tcp", "8000"],
      ["81/tcp", "8001"],
    ],
  );
  assert.deepEqual(readPublish("8000-8009:80"), [["80/tcp", { HostIp: "", HostPort: "8000-8009" }]]);
  assert.deepEqual(readPublish("80-81").length, 2);
});

test("what is no port is told", () => {
  assert.throws(() => readPublish("http"), /"http" is neither a port nor a range of ports/);
  assert.throws(() => readPublish("x:80"), /"x" is neither/);
  assert.throws(() => readPublish("80/icmp"), /"icmp" is none of/);
  assert.throws(() => readPublish("8000-8002:80-81"), /differ in length/);
  for (const text of ["", ":", "0", "70000", "9-8", "1-2-3", "1:2:3:4"])
    assert.throws(() => readPublish(text));
});
