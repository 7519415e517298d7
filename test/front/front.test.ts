import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmod, copyFile, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../environment/temporary.ts";
import { helperPath } from "../helper/driver.ts";

const node = `node-linux-${process.arch}/bin/node`;

/** A package whose Node prints its arguments, its input and its working directory, with links as npm makes them. */
async function makePackage(
  parent: string,
  nodePath: string,
): Promise<{ path: string; tug: string; oci: string }> {
  const path = join(parent, "node_modules/tug");
  await mkdir(join(path, "dist/helper"), { recursive: true });
  await mkdir(join(path, "dist/bin"));
  await copyFile(helperPath, join(path, "dist/helper/tug-helper"));
  for (const name of ["tug", "tug-oci"]) {
    await writeFile(join(path, `dist/bin/${name}.mjs`), "");
    await symlink(join(path, "dist/helper/tug-helper"), join(parent, name));
  }
  const program = join(path, nodePath);
  await mkdir(dirname(program), { recursive: true });
  await writeFile(program, '#!/bin/sh\nprintf "[%s]" "$@"; cat; pwd; echo $MARK >&2; exit 7\n');
  await chmod(program, 0o755);
  return { path, tug: join(parent, "tug"), oci: join(parent, "tug-oci") };
}

for (const place of [`node_modules/${node}`, `../${node}`]) {
  test(`the command runs on the Node at ${place}`, async () => {
    await using directory = await temporaryDirectory();
    const { path, tug, oci } = await makePackage(directory.path, place);
    for (const [program, name] of [
      [tug, "tug"],
      [oci, "tug-oci"],
    ] as const) {
      const result = spawnSync(program, ["run", "", "-it x"], {
        input: "typed ",
        cwd: "/usr",
        env: { MARK: "kept" },
      });
      assert.equal(
        `${result.stdout}`,
        `[--disable-warning=ExperimentalWarning][--][${path}/dist/bin/${name}.mjs][run][][-it x]typed /usr\n`,
      );
      assert.equal(`${result.stderr}`, "kept\n");
      assert.equal(result.status, 7);
    }
    const own = spawnSync(join(path, "dist/helper/tug-helper"), ["front", "ps"]);
    assert.match(`${own.stdout}`, /dist\/bin\/tug\.mjs\]\[ps\]/);
  });
}

test("what is missing is said in one sentence, with exit code 125", async () => {
  await using directory = await temporaryDirectory();
  const { path, tug } = await makePackage(directory.path, `node_modules/${node}`);
  const failsWith = (pattern: RegExp) => {
    const { status, stdout, stderr } = spawnSync(tug, ["run"], { encoding: "utf8" });
    assert.equal(status, 125);
    assert.equal(stdout, "");
    assert.match(stderr, pattern);
    assert.equal(stderr.split("\n").length, 2);
  };
  await chmod(join(path, "node_modules", node), 0o644);
  failsWith(/^tug: cannot run: its Node is missing: /);
  await rm(join(path, "dist/bin"), { recursive: true });
  failsWith(/^tug: cannot run: its package is not built: /);
  await rm(tug);
  await copyFile(helperPath, tug);
  failsWith(/^tug: cannot run: this program is not where its package put it: /);
});
