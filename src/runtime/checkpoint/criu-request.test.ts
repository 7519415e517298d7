import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeRequest } from "./criu-request.ts";

const plain = {
  imagesDirFd: 4,
  logLevel: 4,
  logFile: "dump.log",
  root: "/r",
  extUnixSk: false,
  tcpEstablished: true,
  shellJob: false,
  fileLocks: false,
  autoDedup: false,
  extMnt: [{ key: "/data", val: "/srv" }],
  manageCgroups: true,
  emptyNs: 0x40000000,
  lazyPages: false,
  orphanPtsMaster: true,
};

test("a request is encoded as protocol buffers are: tags, numbers of seven bits a byte, lengths", () => {
  const bytes = encodeRequest("RESTORE", plain);
  // type: RESTORE, then opts with its length.
  assert.deepEqual([...bytes.subarray(0, 4)], [0x08, 2, 0x12, bytes.length - 4]);
  const text = bytes.toString("hex");
  assert.match(text, /^08021238?.*0804/); // images_dir_fd: 4
  assert.ok(text.includes(`5208${Buffer.from("dump.log").toString("hex")}`)); // log_file
  assert.ok(text.includes("2801")); // tcp_established
  const mount = `0a05${Buffer.from("/data").toString("hex")}1204${Buffer.from("/srv").toString("hex")}`;
  assert.ok(text.includes(`ba010d${mount}`)); // ext_mnt, field 23: a tag of two bytes
  assert.ok(text.includes("b0028080808004")); // empty_ns, field 38
});

test("what is not given is not sent, and a negative number has ten bytes", () => {
  const text = encodeRequest("DUMP", { ...plain, pid: -1, parentImg: undefined, extMnt: [] }).toString("hex");
  assert.ok(text.includes("10ffffffffffffffffff01"));
  assert.ok(!text.includes("ba01"));
});
