import assert from "node:assert/strict";
import { test } from "node:test";
import { logSettings } from "./log-settings.ts";

const settings = (options: Record<string, string>, driver?: string) =>
  logSettings(
    {
      id: "0123456789abcdef".repeat(4),
      name: "web",
      image: { name: "nginx:1", id: `sha256:${"ab".repeat(32)}` },
      labels: { tier: "front", "app.name": "shop", other: "x" },
      env: ["A=1", "B_X=2=3"],
      logging: { driver, options },
    },
    "/log",
  );

test("a log has bounds unless they are taken away", () => {
  assert.deepEqual(settings({}), { format: "json-file", path: "/log", maxSize: 100_000_000, maxFiles: 2 });
  assert.deepEqual(settings({ "max-size": "-1" }), { format: "json-file", path: "/log", maxFiles: 1 });
  assert.equal(settings({}, "none"), undefined);
});

test("sizes, counts and ages are read as Docker reads them", () => {
  const read = (options: Record<string, string>) => {
    const { maxSize, maxFiles, maxAge } = settings(options) ?? {};
    return [maxSize, maxFiles, maxAge];
  };
  assert.deepEqual(read({ "max-size": "10m" }), [10_000_000, 1, undefined]);
  assert.deepEqual(read({ "max-size": "1.5k", "max-file": "3" }), [1500, 3, undefined]);
  assert.deepEqual(read({ "max-size": "2GB", "max-age": "7d" }), [2_000_000_000, 1, 604_800]);
});

test("labels, variables and a tag go into each record", () => {
  assert.deepEqual(settings({ labels: "tier,absent", env: "B_X", "labels-regex": "^app\\." })?.attributes, {
    tier: "front",
    "app.name": "shop",
    B_X: "2=3",
  });
  assert.deepEqual(settings({ tag: "{{.Name}}/{{ .ID }}/{{.ImageName}}" })?.attributes, {
    tag: "web/0123456789ab/nginx:1",
  });
});

for (const [name, value] of [
  ["max-size", "big"],
  ["max-size", "0"],
  ["max-file", "0"],
  ["max-age", "soon"],
  ["tag", "{{.Nonsense}}"],
  ["labels-regex", "("],
  ["compress", "true"],
  ["colour", "red"],
] as const) {
  test(`--log-opt ${name}=${value} is refused with its place`, () => {
    assert.throws(() => settings({ [name]: value }), {
      code: "ENGINE_LOG_OPTION",
      details: { pointer: `/HostConfig/LogConfig/Config/${name}` },
    });
  });
}

const id = "0123456789abcdef".repeat(4);

test("syslog gets lines with facility, severity and tag, beside the file", () => {
  const log = settings({ "syslog-facility": "local3", tag: "{{.Name}} 1\n" }, "syslog");
  assert.deepEqual(log?.sink, {
    socket: "/dev/log",
    prefixes: { stdout: `<${19 * 8 + 6}>web 1 : `, stderr: `<${19 * 8 + 3}>web 1 : ` },
    suffix: "",
    moreSuffix: "",
  });
  assert.equal(log?.path, "/log");
  assert.equal(settings({ "syslog-address": "unixgram:///run/log" }, "syslog")?.sink?.socket, "/run/log");
  assert.equal(settings({}, "syslog")?.sink?.prefixes.stderr, "<27>0123456789ab: ");
});

test("the journal gets fields, of which none can hold another", () => {
  const { sink } = settings({ labels: "app.name", "env-regex": "^B", tag: "t" }, "journald") ?? {};
  assert.equal(
    sink?.prefixes.stderr,
    `PRIORITY=3\nAPP_NAME=shop\nB_X=2=3\nCONTAINER_ID=${id.slice(0, 12)}\nCONTAINER_ID_FULL=${id}\n` +
      "CONTAINER_NAME=web\nCONTAINER_TAG=t\nSYSLOG_IDENTIFIER=t\nIMAGE_NAME=nginx:1\nMESSAGE=",
  );
  assert.deepEqual([sink?.suffix, sink?.moreSuffix], ["\n", "\nCONTAINER_PARTIAL_MESSAGE=true\n"]);
  const broken = settings({ tag: "a\nMESSAGE=b" }, "journald");
  assert.ok(!broken?.sink?.prefixes.stdout.includes("\nMESSAGE=b"));
});

for (const [name, value, driver] of [
  ["syslog-address", "udp://192.0.2.1:514", "syslog"],
  ["syslog-address", "unixgram://relative", "syslog"],
  ["syslog-facility", "nobody", "syslog"],
  ["syslog-facility", "24", "syslog"],
  ["syslog-format", "rfc5424", "syslog"],
  ["syslog-facility", "daemon", "journald"],
  ["syslog-facility", "daemon", "json-file"],
] as const) {
  test(`--log-driver ${driver} --log-opt ${name}=${value} is refused with its place`, () => {
    assert.throws(() => settings({ [name]: value }, driver), {
      code: "ENGINE_LOG_OPTION",
      details: { pointer: `/HostConfig/LogConfig/Config/${name}` },
    });
  });
}
