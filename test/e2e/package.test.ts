import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
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
  const needed = /^(node-linux-.*|valibot|yaml)$/;
  for (const other of readdirSync(join(checkout, "node_modules"))) {
    if (needed.test(other)) symlinkSync(join(checkout, "node_modules", other), join(modules, other));
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
      "dist/library/index.mjs",
      "docs/examples/run.ts",
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
      execFileSync("bash", ["--rcfile", "/dev/null", "-c", `exec -a ${name} "$0" "$@"`, program, ...args], {
        env: instance.env,
        encoding: "utf8",
      });
    assert.match(run("tug", "run", "--rm", "tug/hello"), /^Hello from a container made by tug/);
    assert.match(run("tug-oci", "--version"), /^tug-oci version \d/);
  });

  test("is a library for any Node since 20", async () => {
    await using instance = await startTug();
    unpack(instance.directory);
    const script = `
      import { connect } from "tug";
      const client = await connect();
      console.log((await client.system.version()).Version);`;
    writeFileSync(join(instance.directory, "use.mjs"), script);
    const nodes = [process.execPath, ...otherNodes()];
    for (const node of nodes) {
      const printed = execFileSync(node, ["use.mjs"], {
        cwd: instance.directory,
        env: instance.env,
        encoding: "utf8",
      });
      assert.match(printed, /^\d+\.\d+\.\d+\n$/, node);
      await instance.stopEngine("SIGTERM");
    }
  });

  test("says of every call of the library what it promises", async () => {
    await using instance = await startTug();
    const types = join(unpack(instance.directory), "dist/library/types/api/docker/client");
    const files = readdirSync(types).filter((name) => /-calls\.d\.ts$|^connect\.d\.ts$/.test(name));
    assert.ok(files.length > 7, files.join());
    for (const file of files) {
      const lines = readFileSync(join(types, file), "utf8").split("\n");
      const untold = lines.filter(
        (line, index) => /^ {4}(readonly )?\w+\??[(:]/.test(line) && !lines[index - 1]?.endsWith("*/"),
      );
      assert.deepEqual(untold, [], file);
    }
  });

  test("has types that strict programs are checked with", async () => {
    await using instance = await startTug();
    const tug = unpack(instance.directory);
    const at = (name: string) => join(instance.directory, name);
    for (const name of ["@types", "undici-types"])
      symlinkSync(join(checkout, "node_modules", name), at(`node_modules/${name}`));
    cpSync(join(tug, "docs/examples"), at("examples"), { recursive: true });
    writeFileSync(at("package.json"), '{"type":"module"}');
    writeFileSync(at("tsconfig.json"), JSON.stringify({ compilerOptions: strict, include: ["examples"] }));
    const check = () =>
      spawnSync(join(checkout, "node_modules/.bin/tsc"), ["-p", "."], {
        cwd: instance.directory,
        encoding: "utf8",
      });
    const { stdout, status } = check();
    assert.deepEqual([stdout, status], ["", 0]);
    writeFileSync(at("examples/wrong.ts"), wrong);
    assert.match(check().stdout, /^examples\/wrong\.ts\(3,\d+\): error TS\d+: .*'Imag'/);
  });
});

/** Everything that can be asked of declarations; those of tug and of what they refer to are checked too. */
const strict = {
  target: "es2024",
  lib: ["es2024", "esnext.disposable"],
  module: "nodenext",
  types: ["node"],
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  isolatedModules: true,
  skipLibCheck: false,
};

const wrong = `import { connect } from "tug";
const client = await connect();
await client.containers.create({ Imag: "box" });
`;

/** The Node of the machine, where it has one of its own. */
function otherNodes(): string[] {
  return ["/usr/bin/node", "/usr/local/bin/node"].filter((node) => {
    const { status, stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
    return status === 0 && Number.parseInt(stdout.slice(1), 10) >= 20;
  });
}
