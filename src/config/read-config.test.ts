import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { parseConfig, readConfig } from "./index.ts";
import { configSchema } from "./schema.ts";

const refused = (text: string, reason: RegExp): void => {
  assert.throws(() => parseConfig(text, "config.yaml"), reason);
};

test("an empty file says nothing", () => {
  for (const text of ["", "# nothing\n", "{}", "runtimes: {}"]) {
    assert.deepEqual(parseConfig(text, "f"), {
      runtimes: new Map(),
      defaultRuntime: undefined,
      criu: undefined,
      snapshotter: undefined,
      disk: { budget: undefined, keep: 86_400_000, keepImages: [], stoppedContainers: false },
    });
  }
});

test("runtimes have a program, options and a default", () => {
  const text = `
runtimes:
  runsc: {type: oci, path: /usr/local/bin/runsc, options: [--platform=systrap]}
  kata: {path: kata-runtime, sandbox: true}
default-runtime: runsc
`;
  const { runtimes, defaultRuntime } = parseConfig(text, "f");
  assert.deepEqual(
    [...runtimes],
    [
      ["runsc", { path: "/usr/local/bin/runsc", options: ["--platform=systrap"], sandbox: undefined }],
      ["kata", { path: "kata-runtime", options: [], sandbox: true }],
    ],
  );
  assert.equal(defaultRuntime, "runsc");
});

test("criu is a program by its path or its name", () => {
  assert.equal(parseConfig("criu: /opt/criu/bin/criu", "f").criu, "/opt/criu/bin/criu");
  assert.equal(parseConfig("criu: criu-4", "f").criu, "criu-4");
  refused("criu: bin/criu", /config\.yaml#\/criu: "bin\/criu" is neither an absolute path nor/);
});

test("the snapshotter is one of those that there are", () => {
  assert.equal(parseConfig("storage: {snapshotter: erofs}", "f").snapshotter, "erofs");
  assert.equal(parseConfig("storage: {}", "f").snapshotter, undefined);
  refused("storage: {snapshotter: zfs}", /config\.yaml#\/storage\/snapshotter: /);
  refused("storage: {driver: erofs}", /config\.yaml#\/storage\/driver: no such member/);
});

test("the disk has a budget, in units that people write", () => {
  const disk = (text: string) => parseConfig(`disk: ${text}`, "config.yaml").disk;
  assert.deepEqual(disk("{budget: 40GB, keep: 7d, keep-images: ['debian:12'], stopped-containers: true}"), {
    budget: 40_000_000_000,
    keep: 7 * 86_400_000,
    keepImages: ["debian:12"],
    stoppedContainers: true,
  });
  const sizes = { "1.5GiB": 1.5 * 2 ** 30, "500 mb": 500_000_000, "7B": 7, "2TiB": 2 ** 41 };
  for (const [text, bytes] of Object.entries(sizes)) assert.equal(disk(`{budget: ${text}}`).budget, bytes);
  assert.deepEqual(
    ["90s", "5m", "0h"].map((keep) => disk(`{keep: ${keep}}`).keep),
    [90_000, 300_000, 0],
  );
  for (const text of ["40", "0GB", "-1GB", "1e9GB", "40XB", "99999999TB", "constructor"])
    refused(`disk: {budget: "${text}"}`, /config\.yaml#\/disk\/budget: a size is a number and a unit/);
  for (const text of ["24", "1.5h", "1w", "h"])
    refused(`disk: {keep: "${text}"}`, /config\.yaml#\/disk\/keep: a time is a number and s, m, h or d/);
  refused("disk: {images: []}", /config\.yaml#\/disk\/images: no such member/);
});

test("a wrong member is refused with its place", () => {
  refused("runtime: {}", /config\.yaml#\/runtime: no such member/);
  refused("runtimes: {a: {}}", /#\/runtimes\/a\/path: it is missing/);
  refused("runtimes: {a: {path: 7}}", /#\/runtimes\/a\/path: expected string, found 7/);
  refused("runtimes: {a: {path: bin/a}}", /#\/runtimes\/a\/path: "bin\/a" is neither an absolute path nor/);
  refused("runtimes: {a: {path: /a, type: vm}}", /#\/runtimes\/a\/type/);
  refused("runtimes: {a b: {path: /a}}", /#\/runtimes\/a b: a name has letters/);
  refused("runtimes: {tug: {path: /a}}", /#\/runtimes\/tug: the name is that of the engine's own runtime/);
  refused("runtimes: [", /config\.yaml: /);
  refused("a: &a [x]\nruntimes: {a: {path: /a}, a: {path: /b}}", /config\.yaml: .*unique/);
});

test("a file that was asked for must be there, and others may not write to it", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tug-config-"));
  const file = join(directory, "config.yaml");
  try {
    await assert.rejects(readConfig(file), /config\.yaml: no such file or directory/);
    await writeFile(file, "default-runtime: crun\n", { mode: 0o644 });
    if (process.getuid?.() === 0) assert.equal((await readConfig(file)).defaultRuntime, "crun");
    await chmod(file, 0o666);
    await assert.rejects(readConfig(file), /others than root may write to it/);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("the schema for editors knows the same members", async () => {
  const path = resolve(import.meta.dirname, "../../docs/config.schema.json");
  const { properties } = JSON.parse(await readFile(path, "utf8"));
  const { entries } = configSchema;
  assert.deepEqual(Object.keys(properties), Object.keys(entries));
  const runtime = entries.runtimes.wrapped.value.entries;
  assert.deepEqual(Object.keys(properties.runtimes.additionalProperties.properties), Object.keys(runtime));
  assert.deepEqual(Object.keys(properties.disk.properties), Object.keys(entries.disk.wrapped.entries));
  const storage = entries.storage.wrapped.entries;
  assert.deepEqual(Object.keys(properties.storage.properties), Object.keys(storage));
  assert.deepEqual(properties.storage.properties.snapshotter.enum, storage.snapshotter.wrapped.options);
});
