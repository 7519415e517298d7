// Builds the helper and bundles the programs of src/bin into dist/. Run by npm's prepare script.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const programs = resolve(root, "src/bin");
const { version } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8")) as { version: string };

execFileSync("make", ["--silent", "-C", resolve(root, "helper")], {
  stdio: ["ignore", "inherit", "inherit"],
});

rmSync(resolve(root, "dist/bin"), { recursive: true, force: true });
await build({
  entryPoints: readdirSync(programs)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => resolve(programs, name)),
  outdir: resolve(root, "dist/bin"),
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
