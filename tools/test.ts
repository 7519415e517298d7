// Runs the tests: npm test, npm run test:vm, both with -- PATH... --OPTION=VALUE... See docs/testing.md.
import { join, relative } from "node:path";
import { prepareMachine, runInMachine } from "../test/vm/machine.ts";
import { cacheDirectory, checkout } from "./test/cache.ts";
import { runVisibly } from "./test/command.ts";
import { packageRoot, preparePackages } from "./test/debian/package-cache.ts";
import type { SetName } from "./test/debian/packages.ts";
import { prepareRootFilesystem } from "./test/debian/root-filesystem.ts";
import { withLock } from "./test/lock.ts";
import { prepareNpmPackages } from "./test/npm/package-cache.ts";
import { runSuite, splitArguments } from "./test/suite.ts";
import { Unavailable } from "./test/unavailable.ts";

const forTests: readonly SetName[] = [
  "images",
  "clients",
  "runtimes",
  "sandboxes",
  "terminal",
  "groups",
  "containerd",
  "podman",
  "users",
  "ssh",
  "systemd",
  "system",
  "bootstrap",
  "checkpoints",
];

/** What a test machine runs where no path is given: the tests whose outcome depends on the kernel. */
const forMachine = [
  "test/helper",
  "test/privileged",
  "test/escapes",
  "test/callers/systemd.test.ts",
  "test/callers/systemd-user.test.ts",
  "test/callers/podman-rootless.test.ts",
  "test/e2e/systemd.test.ts",
  "test/network/parented.test.ts",
  "test/network/shortcut.test.ts",
];

/** Those of a machine whose security module is SELinux. */
const forSelinux = "test/selinux";

/**
 * Shell commands that give the kernel a policy, under which nothing is forbidden. Before an engine starts: what it knows of
 * the machine stays.
 */
const loadPolicy = `mount -t selinuxfs selinuxfs /sys/fs/selinux &&
  ${relative(checkout, packageRoot("selinux"))}/usr/bin/secilc -c 31 -f /dev/null -o /run/policy ${forSelinux}/policy.cil &&
  cat /run/policy >/sys/fs/selinux/load || { dmesg | grep SELinux; exit 1; }
`;

/**
 * Shell commands that leave an engine resident, which tug-oci then uses: a start of Node takes seconds on an emulated
 * processor. On the machine itself the same tests run without one.
 */
const startEngine = 'ln -s "$PWD/dist/helper/tug-helper" /usr/local/bin/tug && tug version';

/** After how many milliseconds the test machine is switched off. */
const machineTimeout = 5_400_000;

process.umask(0o022);
// Ctrl-C reaches the programs that run as well; when they end, this one cleans up and ends too.
process.on("SIGINT", () => undefined);
const args = process.argv.slice(2);
const inMachine = args.includes("--vm");
const suiteArgs = args.filter((arg) => arg !== "--vm");
process.exitCode = inMachine ? await testInMachine(suiteArgs) : await testHere(suiteArgs);

async function testHere(args: readonly string[]): Promise<number> {
  if (usesEnvironment(args)) await alone(() => prepare(forTests));
  return await runSuite(args);
}

/** Tests beside the source need neither a build nor programs of others. */
function usesEnvironment(args: readonly string[]): boolean {
  const { paths } = splitArguments(args);
  return paths.length === 0 || paths.some((path) => !/^(\.\/)?(src|tools)\//.test(`${path}/`));
}

/** Runs tests in virtual machines, one after the other. Where there can be none, that is said and the exit code is 0. */
async function testInMachine(args: readonly string[]): Promise<number> {
  const { paths, options } = splitArguments(args);
  const all = paths.length === 0 ? [...forMachine, forSelinux] : paths;
  const labelled = all.filter((path) => join(path, "/").startsWith(join(forSelinux, "/")));
  const others = all.filter((path) => !labelled.includes(path));
  try {
    const parts = await alone(async () => {
      await prepare([...forTests, "selinux", "vm"]);
      return await prepareMachine();
    });
    const run = (module: "apparmor" | "selinux", before: string, paths: readonly string[]) => {
      const words = [relative(checkout, process.execPath), "tools/test/suite.ts", ...paths, ...options];
      const command = `${before}${startEngine}\nexec ${words.map(quote).join(" ")}\n`;
      return runInMachine(parts, { command, timeout: machineTimeout, module });
    };
    const first = others.length === 0 ? 0 : await run("apparmor", "", others);
    const second = labelled.length === 0 ? 0 : await run("selinux", loadPolicy, labelled);
    return first || second;
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    console.log(`skipped: no test machine: ${error.message}`);
    return 0;
  }
}

/** Does work on the build or the cache while no other run of the tests does. */
function alone<T>(work: () => Promise<T>): Promise<T> {
  return withLock(join(cacheDirectory, "lock"), work);
}

/** Builds what is stale and fetches what is missing. */
async function prepare(sets: readonly SetName[]): Promise<void> {
  const build = await runVisibly(process.execPath, [join(checkout, "tools/build.ts")]);
  if (build !== 0) process.exit(build);
  const missing = [
    ...Object.values(await preparePackages(sets, console.log)),
    await prepareRootFilesystem(console.log),
    await prepareNpmPackages(console.log),
  ];
  for (const reason of new Set(missing.filter((each) => each !== undefined))) {
    console.log(`not available: ${reason}`);
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
