import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkout } from "../../tools/test/cache.ts";
import { probeProgram, probeReport } from "../environment/index.ts";
import { container, skip, succeeded } from "../privileged/harness/index.ts";

const NET_RAW = 1 << 13;

/** Little-endian numbers of four bytes as hexadecimal digits. */
const words = (...numbers: readonly number[]): string =>
  Buffer.from(Uint32Array.from(numbers).buffer).toString("hex");

/** Revision 2, effective; then permitted and inheritable, lower half first. Source: capabilities(7) */
const netRawIfInherited = words(0x02000001, 0, NET_RAW, 0, 0);

/**
 * What a program of another user than root is able to do that exec was told to give CAP_NET_RAW to, and whose file has
 * it for who inherits it.
 */
async function effectiveOf(command?: readonly string[]): Promise<bigint> {
  await using made = await container({ args: ["sleep", "600"] }, command);
  const probe = join(made.rootfs, "bin/inheritor");
  copyFileSync(probeProgram().path, probe);
  execFileSync(probe, ["attribute", probe, "security.capability", netRawIfInherited]);
  succeeded(await made.run(["--detach"]));
  const flags = ["--user", "1000", "--cap", "CAP_NET_RAW"];
  const { stdout } = succeeded(await made.runtime(["exec", ...flags, made.id, "inheritor", "report"]));
  return BigInt(`0x${probeReport(stdout).capabilities.effective}`);
}

// What runc exec gave, programs inherited: files with inheritable capabilities handed them to every user.
// https://github.com/opencontainers/runc/security/advisories/GHSA-f3fp-gc8g-vw66
test("CVE-2022-29162, exec makes capabilities inheritable: does not lead out", { skip }, async () => {
  assert.equal(await effectiveOf(), 0n);
});

test("CVE-2022-29162, exec makes capabilities inheritable: leads out with a plan that does", {
  skip,
}, async () => {
  const program = join(import.meta.dirname, "harness/inheriting-oci.ts");
  const helper = join(checkout, "dist/helper/tug-helper");
  assert.equal(await effectiveOf([process.execPath, program, helper]), BigInt(NET_RAW));
});
