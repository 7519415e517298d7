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
      snapshotter: undefined,
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

test("the snapshotter is one of those that there are", () => {
  assert.equal(parseConfig("storage: {snapshotter: erofs}", "f").snapshotter, "erofs");
  assert.equal(parseConfig("storage: {}", "f").snapshotter, undefined);
  refused("storage: {snapshotter: zfs}", /config\.yaml#\/storage\/snapshotter: /);
  refused("storage: {driver: erofs}", /config\.yaml#\/storage\/driver: no such member/);
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
  const storage = entries.storage.wrapped.entries;
  assert.deepEqual(Object.keys(properties.storage.properties), Object.keys(storage));
  assert.deepEqual(properties.storage.properties.snapshotter.enum, storage.snapshotter.wrapped.options);
});
