// Builds the helper and bundles the programs of src/bin into dist/. Run by npm's prepare script.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { build, type OutputFile } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const programs = resolve(root, "src/bin");
const bundles = resolve(root, "dist/bin");
const { version } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8")) as { version: string };

/** Stands in the bundles for what is known only when they are made: what tells this build from any other. */
const BUILD = `build${"-".repeat(27)}`;

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
  define: {
    "process.env.TUG_VERSION": JSON.stringify(version),
    "process.env.TUG_BUILD": JSON.stringify(BUILD),
  },
  banner: {
    js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
  },
});
const id = identify(outputFiles);
replaceBundles(outputFiles, id);

/** The hash of all that the programs are made of. */
function identify(files: readonly OutputFile[]): string {
  const hash = createHash("sha256");
  for (const { contents } of files) hash.update(`${contents.length} `).update(contents);
  const helper = resolve(root, "helper");
  for (const name of readdirSync(helper).sort()) {
    if (/\.[ch]$|^Makefile$/.test(name)) hash.update(`${name} `).update(readFileSync(resolve(helper, name)));
  }
  return hash.digest("hex").slice(0, BUILD.length);
}

/** Leaves what is unchanged alone and never has a moment without a program: tug may be starting right now. */
function replaceBundles(files: readonly OutputFile[], id: string): void {
  mkdirSync(bundles, { recursive: true });
  for (const { path, text } of files) replaceFile(path, text.replaceAll(BUILD, id));
  replaceFile(resolve(bundles, "../build"), `${id}\n`);
  const wanted = new Set(files.map(({ path }) => basename(path)));
  for (const name of readdirSync(bundles)) if (!wanted.has(name)) rmSync(resolve(bundles, name));
}

function replaceFile(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, text);
  renameSync(partial, path);
}
