import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runtimeHandlers } from "./handlers.ts";
import { trustedProgram } from "./trusted-program.ts";

const skip = process.getuid?.() === 0 ? false : "needs root";

async function withFiles(
  config: object,
  work: (directory: string, file: string) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "tug-runtimes-"));
  try {
    const file = join(directory, "config.yaml");
    await writeFile(join(directory, "program"), "#!/bin/sh\n", { mode: 0o755 });
    await writeFile(file, JSON.stringify(config).replaceAll("DIR", directory), { mode: 0o644 });
    await work(directory, file);
  } finally {
    await rm(directory, { recursive: true });
  }
}

const one = { other: { path: "DIR/program", options: ["--debug"] } };

test("what clients send when nothing is asked for is the default, whatever it is", { skip }, async () => {
  const usual = [undefined, "", "io.containerd.runc.v2"];
  await withFiles({ runtimes: one }, async (_, file) => {
    for (const asked of usual) assert.equal(await runtimeHandlers(file).choose(asked), undefined);
    assert.equal((await runtimeHandlers(file).choose("other"))?.name, "other");
  });
  await withFiles({ runtimes: one, "default-runtime": "other" }, async (directory, file) => {
    const handler = { name: "other", path: join(directory, "program"), options: ["--debug"], sandbox: false };
    for (const asked of usual) assert.deepEqual(await runtimeHandlers(file).choose(asked), handler);
    assert.equal(await runtimeHandlers(file).choose("tug"), undefined);
  });
});

test("a program that is not there, or a name that nobody knows, is refused", { skip }, async () => {
  const runtimes = { gone: { path: "DIR/gone" }, bare: { path: "no-such-program-anywhere" } };
  await withFiles({ runtimes, "default-runtime": "unknown" }, async (_, file) => {
    const handlers = runtimeHandlers(file);
    await assert.rejects(handlers.find("gone"), /cannot use runtime gone: .*no such file or directory/);
    await assert.rejects(handlers.find("bare"), /there is no program no-such-program-anywhere on \/usr/);
    await assert.rejects(handlers.find("nobody"), {
      code: "ENGINE_HANDLER",
      message: "there is no runtime nobody",
    });
    await assert.rejects(handlers.choose(undefined), /there is no runtime unknown/);
  });
});

test("a list names what is there, and says what is wrong with the configuration", { skip }, async () => {
  await withFiles({ runtimes: one }, async (directory, file) => {
    const list = await runtimeHandlers(file).list();
    assert.equal(list.programs.get("other"), join(directory, "program"));
    assert.deepEqual([list.default, list.warnings], ["tug", []]);
    await writeFile(file, "runtimes: 7");
    const { warnings } = await runtimeHandlers(file).list();
    assert.match(warnings[0] ?? "", /#\/runtimes: expected Object, found 7/);
  });
});

test("programs that show a sandbox are known by name, unless the file says otherwise", { skip }, async () => {
  const runtimes = {
    a: { path: "DIR/runsc" },
    b: { path: "DIR/runsc", sandbox: false },
    c: { path: "DIR/program" },
  };
  await withFiles({ runtimes }, async (directory, file) => {
    await symlink("program", join(directory, "runsc"));
    const handlers = await Promise.all(["a", "b", "c"].map((name) => runtimeHandlers(file).find(name)));
    assert.deepEqual(
      handlers.map((handler) => handler?.sandbox),
      [true, false, false],
    );
  });
});

test("a program is trusted where root alone decides what it does", { skip }, async () => {
  await withFiles({}, async (directory) => {
    const program = join(directory, "program");
    assert.deepEqual(await trustedProgram(program), { path: program });
    const reason = async (path: string) => (await trustedProgram(path)).reason ?? "";
    await chmod(directory, 0o777);
    assert.match(await reason(program), /others than root may write to \/.*tug-runtimes-[^/]*$/);
    await chmod(directory, 0o1777);
    assert.equal(await reason(program), "");
    await chmod(program, 0o644);
    assert.match(await reason(program), /may not be executed/);
    assert.match(await reason(directory), /is no regular file/);
  });
});
