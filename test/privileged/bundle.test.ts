import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { container, differs, plainConfig, runtimeName, skip, succeeded } from "./harness/index.ts";

/** What create says about a bundle that a test has broken; nothing may be left. */
async function refusal(
  break_: (bundle: string, id: string) => void,
  flags: readonly string[] = [],
): Promise<string> {
  await using made = await container();
  break_(made.bundle, made.id);
  const { code, stdout, stderr } = await made.create(flags);
  assert.notEqual(code, 0);
  assert.equal(stdout, "");
  made.assertNothingLeft();
  return stderr;
}

/** Writes a plain configuration with one member replaced: `["process", "args"]`. */
function replaced(path: readonly string[], value: unknown) {
  return (bundle: string, id: string): void => {
    const config = JSON.parse(JSON.stringify(plainConfig(id))) as Record<string, unknown>;
    let place: Record<string, unknown> = config;
    for (const step of path.slice(0, -1)) place = place[step] as Record<string, unknown>;
    place[path.at(-1) ?? ""] = value;
    writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  };
}

test("a bundle without config.json, or that is not there, is refused", { skip }, async () => {
  assert.match(await refusal((bundle) => rmSync(join(bundle, "config.json"))), /config\.json/);
  assert.match(await refusal(() => undefined, ["--bundle", "/nonexistent"]), /nonexistent/);
});

test("a configuration that is no JSON is refused", { skip }, async () => {
  for (const text of ["", "{", "[]", "null", '{"ociVersion": "1.2.0"}', "\u0000"]) {
    await refusal((bundle) => writeFileSync(join(bundle, "config.json"), text));
  }
});

test("a root file system that is missing, or a file, is refused with its path", {
  skip: skip || differs({ runc: "has words of its own", crun: "has words of its own" }),
}, async () => {
  assert.match(await refusal(replaced(["root", "path"], "nowhere")), /nowhere/);
  assert.match(await refusal(replaced(["root", "path"], "/etc/passwd")), /passwd.*not a directory/i);
});

const wrong: readonly (readonly [string, readonly string[], unknown, string])[] = [
  ["arguments that are a text", ["process", "args"], "sh", "/process/args"],
  ["no arguments", ["process", "args"], [], "/process/args"],
  ["a relative working directory", ["process", "cwd"], "tmp", "/process/cwd"],
  ["a user id that is a text", ["process", "user", "uid"], "root", "/process/user/uid"],
  ["a variable without =", ["process", "env"], ["PATH"], "/process/env/0"],
  [
    "an unknown limit",
    ["process", "rlimits"],
    [{ type: "RLIMIT_X", soft: 1, hard: 1 }],
    "/process/rlimits/0/type",
  ],
  ["a mount without a destination", ["mounts"], [{ type: "tmpfs" }], "/mounts/0/destination"],
  ["mount options that are a text", ["mounts"], [{ destination: "/x", options: "ro" }], "/mounts/0/options"],
  ["an unknown namespace", ["linux", "namespaces"], [{ type: "moon" }], "/linux/namespaces/0/type"],
  [
    "a namespace twice",
    ["linux", "namespaces"],
    [{ type: "pid" }, { type: "pid" }],
    "/linux/namespaces/1/type",
  ],
  [
    "a device without a number",
    ["linux", "devices"],
    [{ path: "/dev/x", type: "c" }],
    "/linux/devices/0/major",
  ],
  [
    "a memory limit that is a text",
    ["linux", "resources"],
    { memory: { limit: "1g" } },
    "/linux/resources/memory/limit",
  ],
  ["a relative hook", ["hooks"], { prestart: [{ path: "hook" }] }, "/hooks/prestart/0/path"],
  [
    "a new user namespace without mappings",
    ["linux", "namespaces"],
    [{ type: "mount" }, { type: "user" }],
    "/linux/uidMappings",
  ],
  ["a host name for the host's own", ["linux", "namespaces"], [{ type: "mount" }], "/hostname"],
  ["a version that is none", ["ociVersion"], "one", "/ociVersion"],
  ["a version of the future", ["ociVersion"], "2.0.0", "/ociVersion"],
];

for (const [what, path, value, pointer] of wrong) {
  test(`${what}: refused with the place ${pointer}`, {
    skip: skip || differs({ runc: "has no places", crun: "has no places" }),
  }, async () => {
    const error = await refusal((bundle, id) => {
      replaced(path, value)(bundle, id);
      if (pointer === "/hostname") {
        const config = { ...plainConfig(id, { linux: { namespaces: [{ type: "mount" }] } }), hostname: "x" };
        writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
      }
    });
    assert.ok(error.includes(`config.json#${pointer}`), error);
    assert.match(error, /^tug-oci: cannot use config\.json#/);
  });
}

test("an unknown command, flag or number of arguments is refused with what to do", { skip }, async () => {
  await using made = await container();
  for (const args of [
    ["nosuch"],
    ["create"],
    ["create", "a", "b"],
    ["create", "--nosuch", "a"],
    ["start"],
    ["kill"],
    ["delete", "--pid-file"],
  ]) {
    const { code, stdout, stderr } = await made.runtime(args);
    assert.notEqual(code, 0, args.join(" "));
    if (runtimeName === "tug-oci") assert.equal(stdout, "");
    assert.notEqual(stderr + stdout, "");
  }
});

test("unknown members are ignored", { skip: skip || differs({ crun: "reads vm too" }) }, async () => {
  await using made = await container({ args: ["true"] });
  const config = { ...plainConfig(made.id, { args: ["true"] }), unknown: { member: 1 }, vm: {}, solaris: {} };
  writeFileSync(join(made.bundle, "config.json"), JSON.stringify(config));
  assert.equal((await made.run()).code, 0);
});

test("--config names another file than the bundle's config.json", {
  skip: skip || differs({ runc: "has no such flag" }),
}, async () => {
  await using made = await container({ args: ["false"] });
  const other = plainConfig(made.id, { args: ["echo", "other"] });
  writeFileSync(join(made.bundle, "other.json"), JSON.stringify(other));
  assert.equal(succeeded(await made.run(["--config", "other.json"])).stdout, "other\n");
});
