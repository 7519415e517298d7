// Builds the helper and bundles the programs of src/bin into dist/. Run by npm's prepare script.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { build, type OutputFile } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const programs = resolve(root, "src/bin");
const bundles = resolve(root, "dist/bin");
const { version } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8")) as { version: string };

execFileSync("make", ["--silent", "-C", resolve(root, "helper")], {
  stdio: ["ignore", "inherit", "inherit"],
});

const { outputFiles } = await build({
  write: false,
  entryPoints: readdirSync(programs)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => resolve(programs, name)),
  outdir: bundles,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  minifySyntax: true,
  legalComments: "none",
  logLevel: "warning",
  define: { "process.env.TUG_VERSION": JSON.stringify(version) },
  banner: {
    js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
  },
});
replaceBundles(outputFiles);

/** Leaves what is unchanged alone and never has a moment without a program: tug may be starting right now. */
function replaceBundles(files: readonly OutputFile[]): void {
  mkdirSync(bundles, { recursive: true });
  for (const { path, contents } of files) {
    if (existsSync(path) && readFileSync(path).equals(contents)) continue;
    const partial = `${path}.${process.pid}`;
    writeFileSync(partial, contents);
    renameSync(partial, path);
  }
  const wanted = new Set(files.map(({ path }) => basename(path)));
  for (const name of readdirSync(bundles)) if (!wanted.has(name)) rmSync(resolve(bundles, name));
}
