import assert from "node:assert/strict";
import { test } from "node:test";
import { readCsv } from "./csv.ts";
import { readByteRate, readDevice, readDeviceRule, readDeviceWeight, readOperationRate } from "./device.ts";
import { readGpus } from "./gpus.ts";
import {
  completeVariable,
  parseKeyValueFile,
  readLabel,
  readPair,
  readVariable,
  toMap,
} from "./key-values.ts";
import { readRestartPolicy, readStreamName, readUlimit } from "./limits.ts";
import { readMoment } from "./moment.ts";
import { readMount } from "./mount.ts";
import { readConfig, readSecret } from "./named-data.ts";

function refuses(
  name: string,
  read: (text: string) => unknown,
  cases: readonly [text: string, reason: RegExp][],
): void {
  for (const [text, reason] of cases)
    test(`${name} refuses "${text}"`, () => assert.throws(() => read(text), reason));
}

test("comma-separated values may be quoted", () => {
  assert.deepEqual(readCsv('a,"b,c",,"d ""e"""'), ["a", "b,c", "", 'd "e"']);
  assert.deepEqual(readCsv(""), [""]);
});
refuses("a line of values", readCsv, [
  ['a"b', /a quote is not at/],
  ['"a', /a quote is not at/],
  ['"a"b', /a quote is not at/],
]);

test("a mount of each type is read", () => {
  assert.deepEqual(readMount("type=bind,src=/a,dst=/b,ro,bind-propagation=rslave,bind-recursive=writable"), {
    Type: "bind",
    Source: "/a",
    Target: "/b",
    ReadOnly: true,
    BindOptions: { Propagation: "rslave", ReadOnlyNonRecursive: true },
  });
  const volume = readMount(
    'source=v,target=/v,volume-nocopy,volume-opt=type=nfs,"volume-opt=o=addr=1.2.3.4,rw",volume-label=a=b',
  );
  assert.deepEqual(volume.VolumeOptions, {
    NoCopy: true,
    Labels: { a: "b" },
    DriverConfig: { Options: { type: "nfs", o: "addr=1.2.3.4,rw" } },
  });
  assert.deepEqual(readMount("type=tmpfs,destination=/t,tmpfs-size=1m,tmpfs-mode=1770").TmpfsOptions, {
    SizeBytes: 1_048_576,
    Mode: 0o1770,
  });
  assert.equal(readMount("type=bind,src=a,dst=/b,readonly=false").ReadOnly, false);
  assert.equal(readMount("type=bind,src=a,dst=/b,ro,rw").ReadOnly, false);
  for (const more of ["", ",ro", ",readwrite=false"])
    assert.deepEqual(readMount(`type=image,src=a:1,dst=/b,image-subpath=c/d${more}`), {
      Type: "image",
      Source: "a:1",
      Target: "/b",
      ReadOnly: more !== "",
      ImageOptions: { Subpath: "c/d" },
    });
});
refuses("a mount", readMount, [
  ["", /unknown option ""/],
  ["type=bind,src=/a", /the target is missing/],
  ["type=bind,dst=/a", /a bind mount needs a source/],
  ["type=image,dst=/a", /an image mount needs a source/],
  ["type=image,src=a,dst=/a,rw", /an image can only be mounted read-only/],
  ["type=image,src=a,dst=/a,ro=0", /an image can only be mounted read-only/],
  ["type=image,src=a,dst=/a,volume-nocopy", /volume-\* options do not go with type "image"/],
  ["type=nfs,dst=/a", /the value "nfs" of "type" is wrong: it must be one of bind, volume, tmpfs, image/],
  ["dst=/a,speed=1", /unknown option "speed"/],
  ["dst=/a,__proto__=1", /unknown option "__proto__"/],
  ["dst", /option "dst" needs a value/],
  ["dst=", /the value of "dst" is empty/],
  ["dst= /a", /begins or ends with whitespace/],
  ["type=tmpfs,dst=/a,bind-propagation=slave", /bind-\* options do not go with type "tmpfs"/],
  ["type=tmpfs,dst=/a,tmpfs-size=big", /the value "big" of "tmpfs-size" is wrong: it is not a size/],
  ["type=tmpfs,dst=/a,tmpfs-mode=9", /it is not an octal number/],
  ["type=bind,src=/a,dst=/b,ro=maybe", /it must be one of true, 1, false, 0/],
  ["type=bind,src=/a,dst=/b,bind-recursive=readonly", /need readonly/],
]);

test("a device has a path in the container and permissions, or is a CDI name", () => {
  const mapping = (PathOnHost: string, PathInContainer: string, CgroupPermissions: string) => ({
    mapping: { PathOnHost, PathInContainer, CgroupPermissions },
  });
  assert.deepEqual(readDevice("/dev/fuse"), mapping("/dev/fuse", "/dev/fuse", "rwm"));
  assert.deepEqual(readDevice("/dev/fuse:r"), mapping("/dev/fuse", "/dev/fuse", "r"));
  assert.deepEqual(readDevice("/dev/fuse:/dev/x"), mapping("/dev/fuse", "/dev/x", "rwm"));
  assert.deepEqual(readDevice("/dev/fuse:/dev/x:rw"), mapping("/dev/fuse", "/dev/x", "rw"));
  assert.deepEqual(readDevice("vendor.com/gpu=0"), { cdi: "vendor.com/gpu=0" });
});
test("GPUs are all, so many, or those of some names", () => {
  const gpu = { Capabilities: [["gpu"]] };
  assert.deepEqual(readGpus("all"), { ...gpu, Count: -1 });
  assert.deepEqual(readGpus("2"), { ...gpu, Count: 2 });
  assert.deepEqual(readGpus("driver=nvidia"), { ...gpu, Driver: "nvidia", Count: 1 });
  assert.deepEqual(readGpus('"device=0,GPU-1",capabilities=utility'), {
    DeviceIDs: ["0", "GPU-1"],
    Capabilities: [["utility", "gpu"]],
  });
  assert.throws(() => readGpus("some"), /invalid count \(some\)/);
  assert.throws(() => readGpus("speed=1"), /unexpected key speed/);
  assert.throws(() => readGpus("1,count=2"), /count can be specified only once/);
});
refuses("a device", readDevice, [
  ["fuse", /fuse is not an absolute path/],
  ["/dev/a::r", /it must look like/],
  ["/dev/a:/dev/b:r:w", /it must look like/],
  ["/dev/a:/dev/b:rr", /bad mode specified: rr/],
  ["/dev/a:b", /b is not an absolute path/],
]);

test("device rules and rates are read", () => {
  assert.equal(readDeviceRule("c 1:* rw"), "c 1:* rw");
  assert.deepEqual(readByteRate("/dev/sda:1mb"), { Path: "/dev/sda", Rate: 1_048_576 });
  assert.deepEqual(readOperationRate("/dev/sda:5"), { Path: "/dev/sda", Rate: 5 });
  assert.deepEqual(readDeviceWeight("/dev/sda:500"), { Path: "/dev/sda", Weight: 500 });
  assert.throws(() => readDeviceRule("x 1:3 r"), /does not look like/);
  assert.throws(() => readOperationRate("/dev/sda:1k"), /must look like/);
  assert.throws(() => readByteRate("sda:1"), /must look like/);
  assert.throws(() => readDeviceWeight("/dev/sda:5"), /between 10 and 1000/);
});

test("limits, restart policies and streams are read", () => {
  assert.deepEqual(readUlimit("nofile=1024:2048"), { Name: "nofile", Soft: 1024, Hard: 2048 });
  assert.deepEqual(readUlimit("core=-1"), { Name: "core", Soft: -1, Hard: -1 });
  assert.deepEqual(readRestartPolicy("on-failure:3"), { Name: "on-failure", MaximumRetryCount: 3 });
  assert.equal(readStreamName("STDIN"), "stdin");
});
refuses("a limit", readUlimit, [
  ["nofile", /must look like/],
  ["nofile=a", /must look like/],
  ["nofile=2:1", /2 > 1/],
  ["nofile=-1:1", /-1 > 1/],
]);
refuses("a restart policy", readRestartPolicy, [
  [":3", /no policy before the colon/],
  ["on-failure:x", /must be an integer/],
]);
refuses("a stream", readStreamName, [["stdfoo", /valid streams are/]]);

test("a file of variables is read by Docker's rules", () => {
  const lookup = (name: string) => ({ HOME: "/root" })[name];
  const text = '\uFEFF# comment\n\n  A=1 \nB="x=y"\r\nHOME\nABSENT\nC=\n';
  const bytes = Buffer.from(text);
  assert.deepEqual(parseKeyValueFile("f", bytes, lookup), ["A=1 ", 'B="x=y"', "HOME=/root", "C="]);
  assert.deepEqual(parseKeyValueFile("f", Buffer.from("a\nb=c"), undefined), ["a", "b=c"]);
});

for (const [bytes, message] of [
  [Buffer.from("A=1\n=2"), 'cannot read f: line 2 has no name before the "="'],
  [Buffer.from("A B=1"), 'cannot read f: line 1: the name "A B" contains whitespace'],
  [Buffer.from([0x41, 0x3d, 0xff]), "cannot read f: it is not UTF-8 text"],
] as const) {
  test(`a file of variables is refused: ${message}`, () => {
    assert.throws(() => parseKeyValueFile("f", bytes, undefined), { message });
  });
}

test("variables, labels and pairs are read", () => {
  assert.equal(
    completeVariable("A", () => "1"),
    "A=1",
  );
  assert.equal(
    completeVariable("A", () => undefined),
    "A",
  );
  assert.equal(
    completeVariable("A=", () => "1"),
    "A=",
  );
  assert.deepEqual(toMap(["a=1", "a=2", "b", "c=d=e"]), { a: "2", b: "", c: "d=e" });
  assert.deepEqual(readPair("net.x=1=2"), ["net.x", "1=2"]);
  assert.throws(() => readVariable("=1"), /no name/);
  assert.throws(() => readLabel("=1"), /no name/);
  assert.throws(() => readLabel("a b=1"), /contains whitespace/);
  assert.throws(() => readPair("a"), /must look like/);
});

test("moments are absolute or before now", () => {
  const now = Date.parse("2026-01-02T00:00:10Z");
  assert.equal(readMoment("10s")(now), "1767312000.000");
  assert.equal(readMoment("1700000000.5")(now), "1700000000.5");
  assert.equal(readMoment("2026-01-02T00:00:00Z")(now), "1767312000.000");
  assert.throws(() => readMoment("2026-13-01T00:00:00Z"), /it is not a moment/);
  assert.throws(() => readMoment("yesterday"), /it is not a duration/);
});

test("a secret is read", () => {
  assert.deepEqual(readSecret("a"), { Source: "a" });
  assert.deepEqual(readSecret("source=a,type=mount,target=/b,uid=1,gid=2,mode=0400"), {
    Source: "a",
    Target: "/b",
    UID: 1,
    GID: 2,
    Mode: 0o400,
  });
});
test("a secret can be a variable, with its own name or another", () => {
  assert.deepEqual(readSecret("a,type=env"), { Source: "a", Env: "a" });
  assert.deepEqual(readSecret("a,target=B,type=env"), { Source: "a", Env: "B" });
});
test("a config is read", () => {
  assert.deepEqual(readConfig("source=a,target=/b,uid=1,gid=2,mode=0400"), {
    Source: "a",
    Target: "/b",
    UID: 1,
    GID: 2,
    Mode: 0o400,
  });
});

refuses("a config", readConfig, [
  ["", /must begin with the name of a config/],
  ["a,type=env", /unknown option "type"/],
  ["a,mode=9", /the mode "9" is not an octal number such as 0400/],
]);

refuses("a secret", readSecret, [
  ["", /must begin with the name of a secret/],
  ["target=b", /must begin with the name of a secret/],
  ["a,target=", /option "target" needs a value/],
  ["a,uid=root", /it is not a (whole )?number/],
  ["a,mode=9", /the mode "9" is not an octal number/],
  ["a,type=file", /the type "file" is neither mount nor env/],
  ["a,type=env,mode=0400", /a variable has neither uid, gid nor mode/],
  ["a,speed=1", /unknown option "speed"/],
]);
