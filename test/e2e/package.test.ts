import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { checkout } from "../../tools/test/cache.ts";
import { requireRoot, startTug } from "../environment/index.ts";

const needsNpm = spawnSync("npm", ["--version"]).status === 0 ? false : "needs npm";

/** The tarball that `npm pack` makes, unpacked beside its dependencies. */
function unpack(directory: string): string {
  const options = ["--ignore-scripts", "--silent", "--pack-destination", directory];
  const name = execFileSync("npm", ["pack", ...options], { cwd: checkout, encoding: "utf8" }).trim();
  const modules = join(directory, "node_modules");
  const tug = join(modules, "tug");
  mkdirSync(tug, { recursive: true });
  execFileSync("tar", ["-xzf", join(directory, name), "-C", tug, "--strip-components=1"]);
  for (const other of readdirSync(join(checkout, "node_modules"))) {
    if (/^node-linux-/.test(other)) symlinkSync(join(checkout, "node_modules", other), join(modules, other));
  }
  return tug;
}

describe("the package", { skip: requireRoot() || needsNpm }, () => {
  test("has the programs, the C sources and the documents, and nothing that only developers need", async () => {
    await using instance = await startTug();
    const tug = unpack(instance.directory);
    const names = readdirSync(tug, { recursive: true, encoding: "utf8" });
    for (const name of [
      "dist/helper/tug-helper",
      "dist/helper/hello",
      "helper/install.sh",
      "helper/Makefile",
      "docs/walk.md",
      "README.md",
      "CHANGELOG.md",
    ])
      assert.ok(names.includes(name), name);
    assert.equal(statSync(join(tug, "dist/helper/tug-helper")).mode & 0o111, 0o111);
    assert.deepEqual(
      names.filter((name) => /^(src|test|tools|\.cache|node_modules|helper\/(build|tests))(\/|$)/.test(name)),
      [],
    );
  });

  test("runs a container where it was unpacked, with the Node beside it", async () => {
    await using instance = await startTug();
    const program = join(unpack(instance.directory), "dist/helper/tug-helper");
    const run = (name: string, ...args: string[]): string =>
      execFileSync("bash", ["-c", `exec -a ${name} "$0" "$@"`, program, ...args], {
        env: instance.env,
        encoding: "utf8",
      });
    assert.match(run("tug", "run", "--rm", "tug/hello"), /^Hello from a container made by tug/);
    assert.match(run("tug-oci", "--version"), /^tug-oci version \d/);
  });
});
