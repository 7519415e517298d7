// Checks everything that needs no test: npm run check. One line per check with its time, the failures' output at the end.
import { glob, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { extname, join } from "node:path";
import { checkout } from "./test/cache.ts";
import { runCommand } from "./test/command.ts";

/** The sentence of each breach; none where all is well. */
type Check = () => Promise<string[]>;

const node = process.execPath;
const bin = (name: string) => join(checkout, "node_modules/.bin", name);
const jobs = `--jobs=${availableParallelism()}`;

const checks: Readonly<Record<string, Check>> = {
  generated: command(node, "tools/gen.ts", "--check"),
  imports: command(node, "tools/check-imports.ts"),
  "error codes": command(node, "tools/check-errors.ts"),
  "format and lint": command(bin("biome"), "check", "--error-on-warnings", "."),
  types: command(bin("tsc"), "-p", "."),
  "file length": checkLengths,
  "C analyzer and tests": command("make", "--silent", "--no-print-directory", jobs, "-C", "helper", "check"),
};

/** Most lines of a file that people write, by its ending. */
const limits: Readonly<Record<string, number>> = { ".ts": 400, ".c": 600, ".h": 600 };

const failures: string[] = [];
for (const [name, check] of Object.entries(checks)) {
  const start = performance.now();
  const breaches = await check();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${breaches.length === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
  failures.push(...breaches.map((breach) => `${name}:\n${breach}`));
}
for (const failure of failures) console.error(`\n${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;

function command(file: string, ...args: string[]): Check {
  return async () => {
    const result = await runCommand(file, args, { cwd: checkout });
    return result.code === 0 ? [] : [`${result.stdout}${result.stderr}`.trim() || `exit code ${result.code}`];
  };
}

async function checkLengths(): Promise<string[]> {
  const written = glob("{src,test,tools,helper}/**/*.{ts,c,h}", { cwd: checkout });
  const breaches: string[] = [];
  for await (const file of written) {
    const limit = limits[extname(file)];
    if (limit === undefined || /^helper\/build\/|\.gen\.\w+$/.test(file)) continue;
    const lines = (await readFile(join(checkout, file), "utf8")).split("\n").length - 1;
    if (lines > limit) breaches.push(`${file}: ${lines} lines, at most ${limit} are allowed`);
  }
  return breaches;
}
