import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { commandNotFound, outputOf, runCommand } from "../command.ts";
import { Unavailable } from "../unavailable.ts";

/** An apt of its own: sources, lists, archives and state in one directory, nothing of the machine's changed. */
export type Apt = {
  /** Fetches packages and all they depend on into a directory, verified by apt; returns the paths of the .deb files. */
  download(packages: readonly string[], to: string): Promise<string[]>;
};

const keyrings = ["gpg", "pgp"].map((ending) => `/usr/share/keyrings/debian-archive-keyring.${ending}`);

/**
 * Makes an apt for one Debian release in a directory and fetches that release's package lists. It uses the mirror, the
 * proxies and the keys that the machine's apt is set up with.
 *
 * @throws Unavailable without apt, a Debian mirror among its sources, Debian's keys or network
 */
export async function openApt(directory: string, release: string): Promise<Apt> {
  for (const name of ["lists/partial", "state", "etc"]) {
    await mkdir(join(directory, name), { recursive: true });
  }
  await writeFile(join(directory, "status"), "");
  await writeFile(
    join(directory, "sources.list"),
    `deb [signed-by=${debianKeyring()}] ${await debianMirror()} ${release} main\n`,
  );
  const config = join(directory, "apt.conf");
  await writeFile(config, await aptConfig(directory));
  const apt = (args: readonly string[]) => runApt(args, { APT_CONFIG: config, LC_ALL: "C" });

  await apt(["update"]);
  return {
    async download(packages, to) {
      await mkdir(join(to, "partial"), { recursive: true });
      await apt(["install", "--download-only", "--yes", "-o", `Dir::Cache::Archives=${to}/`, ...packages]);
      return (await readdir(to)).filter((name) => name.endsWith(".deb")).map((name) => join(to, name));
    },
  };
}

/** Debian's archive keys on this machine. */
export function debianKeyring(): string {
  const keyring = keyrings.find((path) => existsSync(path));
  if (keyring === undefined)
    throw new Unavailable("Debian's archive keys (debian-archive-keyring) are not installed");
  return keyring;
}

/** The URL that this machine gets its own Debian release from. */
export async function debianMirror(): Promise<string> {
  const codename = /^VERSION_CODENAME=(\w+)$/m.exec(await readFile("/etc/os-release", "utf8"))?.[1];
  const sources = await runApt([
    "indextargets",
    "--no-release-info",
    "--format",
    "$(RELEASE) $(COMPONENT) $(REPO_URI)",
    "Created-By: Packages",
  ]);
  const source = sources.split("\n").find((line) => line.startsWith(`${codename} main `));
  const mirror = source?.split(" ")[2];
  if (mirror === undefined || !existsSync("/etc/debian_version")) {
    throw new Unavailable("apt has no Debian mirror among its sources");
  }
  return mirror;
}

/** The machine's settings for fetching (proxies, time-outs), and our directories in place of its own. */
async function aptConfig(directory: string): Promise<string> {
  const fetching = (await outputOf("apt-config", ["dump"]))
    .split("\n")
    .filter((line) => /^Acquire::(\w+::Proxy|https?|ftp|Check-|ForceIPv|Retries|Languages)/i.test(line));
  return `${[
    ...fetching,
    'Acquire::AllowInsecureRepositories "false";',
    'Acquire::Languages "none";',
    'Acquire::Retries "2";',
    'APT::Get::AllowUnauthenticated "false";',
    'APT::Install-Recommends "false";',
    'APT::Sandbox::User "root";',
    'APT::Update::Error-Mode "any";',
    'Dir::Etc::Main "/dev/null";',
    `Dir::Etc::Parts "${directory}/etc/";`,
    `Dir::Etc::SourceList "${directory}/sources.list";`,
    `Dir::Etc::SourceParts "${directory}/etc/";`,
    `Dir::Etc::Preferences "/dev/null";`,
    `Dir::Etc::PreferencesParts "${directory}/etc/";`,
    `Dir::State "${directory}/state/";`,
    `Dir::State::Lists "${directory}/lists/";`,
    `Dir::State::Status "${directory}/status";`,
    `Dir::Cache "${directory}/";`,
    `Dir::Log "${directory}/state/";`,
  ].join("\n")}\n`;
}

async function runApt(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const result = await runCommand("apt-get", ["-qq", ...args], { env });
  if (result.code === 0) return result.stdout;
  if (result.code === commandNotFound) throw new Unavailable("apt-get is not installed");
  const reason = /^[EW]: (.+)$/m.exec(result.stderr)?.[1] ?? `exit code ${result.code}`;
  throw new Unavailable(`apt-get ${args[0]} failed: ${reason}`);
}
