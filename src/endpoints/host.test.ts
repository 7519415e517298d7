import assert from "node:assert/strict";
import { test } from "node:test";
import { formatHost, parseHost } from "./host.ts";
import { sshArguments } from "./ssh.ts";

test("addresses are read and written alike", () => {
  for (const text of [
    "unix:///run/tug/tug.sock",
    "tcp://10.0.0.1:2376",
    "tcp://[fd00::1]:2376",
    "ssh://build.example",
    "ssh://me@build.example:2222/run/tug/web.sock",
    "ssh://me@[fe80::1%eth0]:22",
  ]) {
    assert.equal(formatHost(parseHost(text)), text);
  }
  assert.deepEqual(parseHost("tcp://far/"), { kind: "tcp", host: "far", port: 2376 });
  const plain = { kind: "ssh", host: "h", user: undefined, port: undefined, path: undefined };
  assert.deepEqual(parseHost("ssh://h/"), plain);
});

test("ssh gets the words that it needs, and no other", () => {
  const host = parseHost("ssh://me@build.example:2222/run/tug/web.sock");
  assert.ok(host.kind === "ssh");
  assert.deepEqual(sshArguments(host), [
    ...["-o", "ConnectTimeout=30", "-T", "-l", "me", "-p", "2222", "--", "build.example"],
    ...["tug", "--host", "unix:///run/tug/web.sock", "system", "dial-stdio"],
  ]);
});

const wrong: readonly (readonly [address: string, reason: RegExp])[] = [
  ["", /has no scheme/],
  ["/run/tug/tug.sock", /has no scheme/],
  ["http://x", /scheme http is not known/],
  ["npipe:////./pipe/docker_engine", /scheme npipe is not known/],
  ["unix://relative", /not absolute/],
  ["unix:///a\0b", /NUL/],
  ["tcp://", /host name/],
  ["tcp://x:0", /is no port/],
  ["tcp://x:99999", /is no port/],
  ["tcp://x:", /nothing is no port/],
  ["tcp://x:1/path", /no meaning with tcp/],
  ["tcp://-x:1", /host name/],
  ["ssh://", /plain word/],
  ["ssh://-oProxyCommand=evil", /plain word/],
  ["ssh://me@-oProxyCommand=evil", /plain word/],
  ["ssh://-l@host", /user's name/],
  ["ssh://a b@host", /user's name/],
  ["ssh://@host", /user's name/],
  ["ssh://me:secret@host", /password/],
  ["ssh://host;reboot", /plain word/],
  ["ssh://$(reboot)", /plain word/],
  ["ssh://host\nProxyCommand", /plain word/],
  ["ssh://host`x`", /plain word/],
  ["ssh://host:22;x", /is no port/],
  ["ssh://host/run/a b", /shell/],
  ["ssh://host/run/$(reboot)", /shell/],
  ["ssh://host/run;reboot", /shell/],
  ["ssh://host/~root", /shell/],
];

for (const [address, reason] of wrong) {
  test(`${JSON.stringify(address)} is refused`, () => {
    assert.throws(() => parseHost(address), { code: "ENDPOINT_HOST", message: reason });
  });
}

test("a password in an address is not repeated", () => {
  assert.throws(
    () => parseHost("ssh://me:hunter2@host"),
    (error: Error) => !error.message.includes("hunter2"),
  );
});
