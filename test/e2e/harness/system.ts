import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { outputOf } from "../../../tools/test/command.ts";
import { debianPackages } from "../../environment/index.ts";
import { until } from "../../privileged/harness/until.ts";
import type { Engine } from "./engine.ts";

/** Nothing at run time reads them. */
const leftOut = ["doc", "man", "locale"].map((name) => `--exclude=./usr/share/${name}`);

/** Why there can be no image of a Debian with systemd, or false. */
export function needsSystem(): string | false {
  return debianPackages("system").skip;
}

/**
 * Makes the image `system`: Debian's packages of systemd and D-Bus as they are unpacked, busybox as its shell, and an empty
 * machine id, as in images of Debian; command `/sbin/init`. Users and the like are systemd's to make when it boots first.
 */
export async function importSystem(engine: Engine): Promise<void> {
  const added = join(engine.directory, "system");
  await mkdir(join(added, "etc"), { recursive: true });
  await mkdir(join(added, "usr/bin"), { recursive: true });
  await writeFile(join(added, "etc/machine-id"), "");
  for (const name of ["sh", "cat", "sleep", "mkdir", "rmdir", "find", "seq"])
    await symlink("busybox", join(added, "usr/bin", name));
  const archive = join(engine.directory, "system.tar");
  const roots = [debianPackages("system").path, added].flatMap((root) => ["--directory", root, "."]);
  await outputOf("tar", ["--create", "--numeric-owner", "--file", archive, ...leftOut, ...roots]);
  await engine.ok(["import", "--change", 'CMD ["/sbin/init"]', archive, "system"]);
}

/** Starts a container of `system` and waits until systemd has done what it does at boot. */
export async function bootSystem(engine: Engine, name: string, options: readonly string[]): Promise<void> {
  await engine.ok(["run", "-d", "--name", name, "--systemd", ...options, "system"]);
  await systemIsUp(engine, name);
}

/**
 * Waits until the systemd of a container has done what it does at boot, with or without success. systemd itself waits for
 * the most of it: on an emulated processor a boot takes as long as conditions are waited for.
 */
export async function systemIsUp(engine: Engine, name: string): Promise<void> {
  const ask = (...options: string[]) =>
    engine.tug(["exec", name, "systemctl", "is-system-running", ...options]);
  let last = "";
  await until(
    () => `systemd answers: ${last}`,
    async () => {
      const { stdout, stderr } = await ask();
      last = stdout + stderr;
      return /^(initializing|starting|running|degraded)\n/.test(stdout);
    },
  );
  const { stdout, stderr } = await ask("--wait");
  assert.match(stdout, /^(running|degraded)\n/, stderr);
}
