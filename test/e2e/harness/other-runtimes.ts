import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { debianProgram, type TugInstance } from "../../environment/index.ts";

/** The runtimes besides tug's own that tests use, with Debian's programs. */
export const otherRuntimes = ["runc", "crun"] as const;

export type OtherRuntime = (typeof otherRuntimes)[number];

/** Why tests with this runtime must be skipped, or false. */
export function needsRuntime(name: OtherRuntime): string | false {
  return debianProgram(name).skip;
}

/**
 * Lets an engine know the runtimes, and runc once more as `boxed`, as if it made sandboxes: for `useEngine`. Each is a script, which root alone can change wherever the programs are.
 * crun refuses to work beside a hierarchy of version 2 that has controllers: it sees none.
 */
export async function configureRuntimes(instance: TugInstance): Promise<void> {
  const file = (name: string): string => join(instance.directory, name);
  const hidden = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"';
  for (const name of otherRuntimes) {
    const { path } = debianProgram(name);
    const apart = name === "crun" ? `unshare -m --propagation slave sh -c '${hidden}' sh ` : "";
    await writeFile(file(name), `#!/bin/sh\nexec ${apart}${path} "$@"\n`, { mode: 0o755 });
  }
  const runtimes = Object.fromEntries(otherRuntimes.map((name) => [name, { type: "oci", path: file(name) }]));
  const boxed = { path: file("runc"), sandbox: true };
  const config = { runtimes: { ...runtimes, boxed } };
  await writeFile(file("config.yaml"), JSON.stringify(config), { mode: 0o644 });
  Object.assign(instance.env, { TUG_CONFIG: file("config.yaml") });
}
