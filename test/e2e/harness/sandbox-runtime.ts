import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { debianProgram, type TugInstance } from "../../environment/index.ts";

/** How runsc intercepts what programs call: by what needs neither /dev/kvm nor a newer runsc than Debian's. */
const platform = "--platform=ptrace";

/** Why there can be no sandboxes of gVisor, or false. */
export function needsSandbox(): string | false {
  const { path, skip } = debianProgram("runsc");
  if (skip !== false) return skip;
  const words = [platform, "--network=none", "--ignore-cgroups", "do", "true"];
  const { status, stderr } = spawnSync(path, words, {
    encoding: "utf8",
    timeout: 30_000,
    killSignal: "SIGKILL",
  });
  return status === 0 ? false : `runsc does not work here: ${stderr.trim().split("\n").at(-1) ?? ""}`;
}

/**
 * Lets an engine know gVisor's runtime as `runsc`: for `useEngine`. A script, which root alone can change wherever the
 * program is. Debian's runsc tells the machine's network namespace by a file that newer kernels have in all of them.
 */
export async function configureSandbox(instance: TugInstance): Promise<void> {
  const file = (name: string): string => join(instance.directory, name);
  const hidden = 'mount -t tmpfs none /proc/sys/net; exec "$@"';
  const apart = `unshare -m --propagation slave sh -c '${hidden}' sh`;
  await writeFile(file("runsc"), `#!/bin/sh\nexec ${apart} ${debianProgram("runsc").path} "$@"\n`, {
    mode: 0o755,
  });
  const config = { runtimes: { runsc: { path: file("runsc"), options: [platform] } } };
  await writeFile(file("config.yaml"), JSON.stringify(config), { mode: 0o644 });
  Object.assign(instance.env, { TUG_CONFIG: file("config.yaml") });
}
