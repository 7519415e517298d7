import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { checkout } from "./cache.ts";
import { runVisibly } from "./command.ts";
import { summarizeSkips } from "./skip-reporter.ts";

/** All that runs on this machine. */
const everything = ["src/**/*.test.ts", "tools/**/*.test.ts", "test/**/*.test.ts"];

/** After how many milliseconds a test that hangs fails. */
const testTimeout = 180_000;

/**
 * Runs tests with node --test, prints its report and what was skipped, and returns its exit code.
 *
 * @param args options of node --test, and paths of files, directories or globs; without a path, everything
 */
export async function runSuite(args: readonly string[]): Promise<number> {
  const { options, paths } = splitArguments(args);
  const files = paths.length === 0 ? everything : await Promise.all(paths.map(expandDirectory));
  const directory = await mkdtemp(join(tmpdir(), "tug-test-"));
  const skips = join(directory, "skips");
  const reporters = [
    ["--test-reporter=spec", "--test-reporter-destination=stdout"],
    [
      `--test-reporter=${join(import.meta.dirname, "skip-reporter.ts")}`,
      `--test-reporter-destination=${skips}`,
    ],
  ].flat();
  // One more than there are processors: tests wait for programs and clocks a third of their time.
  const concurrency = availableParallelism() + 1;
  const limits = [`--test-concurrency=${concurrency}`, `--test-timeout=${testTimeout}`];
  try {
    const code = await runVisibly(process.execPath, [
      "--test",
      ...limits,
      ...reporters,
      ...options,
      ...files,
    ]);
    const summary = summarizeSkips(await readFile(skips, "utf8").catch(() => ""));
    if (summary.length > 0) console.log(`\n${summary.join("\n")}`);
    return code;
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Options begin with `--` and carry their value after `=`; all else is a path. */
export function splitArguments(args: readonly string[]): { options: string[]; paths: string[] } {
  return {
    options: args.filter((arg) => arg.startsWith("--")),
    paths: args.filter((arg) => !arg.startsWith("--")),
  };
}

async function expandDirectory(path: string): Promise<string> {
  const isDirectory = await stat(resolve(checkout, path)).then(
    (status) => status.isDirectory(),
    () => false,
  );
  return isDirectory ? join(path, "**/*.test.ts") : path;
}

if (import.meta.main) process.exitCode = await runSuite(process.argv.slice(2));
