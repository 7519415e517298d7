// Builds the helper, bundles the programs of src/bin and the library into dist/. Run by npm's prepare script.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { type BuildOptions, build, type OutputFile } from "esbuild";
import { libraryDeclarations } from "./build/declarations.ts";

const root = resolve(import.meta.dirname, "..");
const dist = resolve(root, "dist");
const programs = resolve(root, "src/bin");
const { version } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8")) as { version: string };

/** Stands in the bundles for what is known only when they are made: what tells this build from any other. */
const BUILD = `build${"-".repeat(27)}`;

/** What all bundles have in common. */
const bundled = {
  write: false,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  minifySyntax: true,
  legalComments: "none",
  logLevel: "warning",
  define: {
    "process.env.TUG_VERSION": JSON.stringify(version),
    "process.env.TUG_BUILD": JSON.stringify(BUILD),
  },
} as const satisfies BuildOptions;

const declared = libraryDeclarations(root);
execFileSync("make", ["--silent", "-C", resolve(root, "helper")], {
  stdio: ["ignore", "inherit", "inherit"],
});
const engine = await build({
  ...bundled,
  entryPoints: readdirSync(programs)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => resolve(programs, name)),
  outdir: join(dist, "bin"),
  splitting: true,
  target: "node24",
  banner: {
    js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
  },
});
// The library runs in whatever Node its user has.
const library = await build({
  ...bundled,
  entryPoints: [resolve(root, "src/library/index.ts")],
  outdir: join(dist, "library"),
  target: "node20",
});

const id = identify(engine.outputFiles);
replaceTree("bin", textsOf(engine.outputFiles));
const types = [...(await declared)].map(([name, text]) => [join("types", name), text] as const);
replaceTree("library", new Map([...textsOf(library.outputFiles), ...types]));
replaceFile(join(dist, "build"), `${id}\n`);

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

/** Bundles by their path from the folder that they are in. */
function textsOf(files: readonly OutputFile[]): Map<string, string> {
  return new Map(
    files.map(({ path, text }) => {
      const [, ...names] = relative(dist, path).split("/");
      return [names.join("/"), text.replaceAll(BUILD, id)];
    }),
  );
}

/** Leaves what is unchanged alone and never has a moment without a program: tug may be starting right now. */
function replaceTree(folder: string, files: ReadonlyMap<string, string>): void {
  const directory = join(dist, folder);
  for (const [name, text] of files) replaceFile(join(directory, name), text);
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !files.has(relative(directory, path))) rmSync(path);
  }
}

function replaceFile(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, text);
  renameSync(partial, path);
}
