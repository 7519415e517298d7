import { readFileSync } from "node:fs";
import { access, constants } from "node:fs/promises";
import { type HostFacts, parseProcessStatus } from "../host/index.ts";
import { capabilityNames, type RuntimeContext } from "../runtime/index.ts";
import { ociCliError } from "./errors.ts";

/** Where containers of root are kept unless --root says otherwise. */
export const DEFAULT_ROOT = "/run/tug-oci";

type Environment = Readonly<Record<string, string | undefined>>;

type Caller = {
  readonly uid: number;
  readonly env: Environment;
  readonly facts: Pick<HostFacts, "userNamespace">;
};

/**
 * Where a caller's containers are kept: root's in one place, those of others in their own runtime directory. Who is root of
 * a user namespace only, and is not called so, counts as the other one, as in runc. A directory that is not absolute is none.
 *
 * Source: https://github.com/opencontainers/runc/blob/v1.3.0/rootless_linux.go shouldHonorXDGRuntimeDir,
 * https://specifications.freedesktop.org/basedir-spec/0.8/
 */
export function defaultRoot({ uid, env, facts }: Caller): string {
  const directory = env.XDG_RUNTIME_DIR ?? "";
  const other = uid !== 0 || (facts.userNamespace && env.USER !== "root");
  return directory.startsWith("/") && other ? `${directory}/tug-oci` : DEFAULT_ROOT;
}

/**
 * Whether control groups that the caller may not make are done without: what --rootless says, else whether the caller is
 * root of the machine.
 *
 * @throws OCI_CLI_FLAG
 */
export function isRootless(flag: string | undefined, { uid, facts }: Omit<Caller, "env">): boolean {
  if (flag === undefined || flag === "auto" || flag === "") return uid !== 0 || facts.userNamespace;
  if (["true", "1", "t"].includes(flag.toLowerCase())) return true;
  if (["false", "0", "f"].includes(flag.toLowerCase())) return false;
  throw ociCliError("FLAG", `invalid value ${JSON.stringify(flag)} for flag -rootless`, {
    hint: "use true, false or auto",
  });
}

/** What this process, as the caller of the runtime, lacks of root's rights; undefined where it has CAP_SYS_ADMIN. */
export async function unprivilegedCaller(env: Environment): Promise<RuntimeContext["unprivileged"]> {
  const { uids, gids, capabilities } = parseProcessStatus(readFileSync("/proc/self/status", "utf8"));
  const administrator = 1n << BigInt(capabilityNames.indexOf("CAP_SYS_ADMIN"));
  if ((capabilities.effective & administrator) !== 0n) return undefined;
  const [newuidmap, newgidmap] = await Promise.all([onPath("newuidmap", env), onPath("newgidmap", env)]);
  return { uid: uids[1] ?? 0, gid: gids[1] ?? 0, newuidmap, newgidmap };
}

async function onPath(
  name: string,
  { PATH = "/usr/local/bin:/usr/bin:/bin" }: Environment,
): Promise<string | undefined> {
  for (const directory of PATH.split(":").filter((each) => each.startsWith("/"))) {
    const path = `${directory}/${name}`;
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}
