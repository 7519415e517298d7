import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { capabilityMask } from "../../src/runtime/capabilities.ts";
import { namesOfMask } from "../../src/runtime/index.ts";
import type { LinuxCapabilities } from "../../src/specs/oci-runtime/index.ts";
import { probeLines, probeProgram, probeReport } from "../environment/index.ts";
import { call, container, differs, probe, reportOf, skip, succeeded, verbs } from "./harness/index.ts";

const nobody = { uid: 1000, gid: 1000 };
const few = ["CAP_CHOWN", "CAP_KILL"];
const more = ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW", "CAP_SETUID"];

/** Sets as the probe prints them. */
function masks(sets: Record<keyof LinuxCapabilities, readonly string[]>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(sets).map(([name, names]) => [
      name,
      capabilityMask(names).mask.toString(16).padStart(16, "0"),
    ]),
  );
}

test("root's program has what the bounding set allows: execve gives it all of that (rule: identity-complete)", {
  skip,
}, async () => {
  const capabilities = { bounding: more, permitted: few, effective: few, inheritable: [], ambient: [] };
  const report = await reportOf({ process: { capabilities } });
  assert.deepEqual(report.capabilities, masks({ ...capabilities, permitted: more, effective: more }));
});

test("without capabilities root's program has none", { skip }, async () => {
  const none = { bounding: [], permitted: [], effective: [], inheritable: [], ambient: [] };
  assert.deepEqual((await reportOf({ process: { capabilities: {} } })).capabilities, masks(none));
});

test("for another user execve clears what is not ambient (rules: bounding-set-before-switch, capabilities-after-switch)", {
  skip,
}, async () => {
  const capabilities = { bounding: more, permitted: few, effective: few, inheritable: [], ambient: [] };
  const report = await reportOf({ process: { user: nobody, capabilities } });
  assert.deepEqual(report.capabilities, masks({ ...capabilities, permitted: [], effective: [] }));
});

test("ambient capabilities are another user's to use", { skip }, async () => {
  const capabilities = { bounding: more, permitted: more, effective: more, inheritable: few, ambient: few };
  const report = await reportOf({ process: { user: nobody, capabilities } });
  assert.deepEqual(report.capabilities, masks({ ...capabilities, permitted: few, effective: few }));
  const [line] = await probe(["chown", "/tmp", "5", "5"], { process: { user: nobody, capabilities } });
  assert.equal(line?.errno, null);
});

test("the inheritable set is root's and another user's alike", { skip }, async () => {
  const capabilities = { bounding: more, permitted: few, effective: few, inheritable: few };
  for (const user of [nobody, { uid: 0, gid: 0 }]) {
    const { inheritable } = (await reportOf({ process: { user, capabilities } })).capabilities;
    assert.equal(inheritable, masks({ inheritable: few } as never).inheritable);
  }
});

test("a capability that is missing is missing: what it is for fails", { skip }, async () => {
  const words = verbs(["mknod", "/tmp/x", "c", "1", "3"], call("sethostname", 0, 0), [
    "chown",
    "/tmp",
    "5",
    "5",
  ]);
  const with_ = { bounding: ["CAP_CHOWN"], permitted: ["CAP_CHOWN"], effective: ["CAP_CHOWN"] };
  const lines = await probe(words, { process: { capabilities: with_ } });
  assert.deepEqual(
    lines.map(({ errno }) => errno),
    ["EPERM", "EPERM", null],
  );
});

test("all capabilities that the machine can give can be given", { skip }, async () => {
  const own = probeReport(execFileSync(probeProgram().path, { encoding: "utf8" })).capabilities.bounding;
  const all = namesOfMask(BigInt(`0x${own}`));
  const capabilities = { bounding: all, permitted: all, effective: all, inheritable: all, ambient: all };
  const report = await reportOf({ process: { user: nobody, capabilities } });
  for (const [name, mask] of Object.entries(report.capabilities)) assert.equal(mask, own, name);
});

test("a capability that is not known, or cannot be given, is told and left out", {
  skip: skip || differs({ crun: "1.21 says nothing" }),
}, async () => {
  const names = ["CAP_KILL", "CAP_TIME_TRAVEL"];
  await using made = await container({
    process: { capabilities: { bounding: names, permitted: names, effective: names } },
  });
  const { stdout, stderr } = succeeded(await made.run());
  assert.equal(
    probeReport(stdout).capabilities.effective,
    masks({ effective: ["CAP_KILL"] } as never).effective,
  );
  assert.match(stderr, /CAP_TIME_TRAVEL/);
});

test("no_new_privs is set or not as the configuration says", { skip }, async () => {
  assert.equal((await reportOf({ process: { noNewPrivileges: true } })).noNewPrivileges, 1);
  assert.equal((await reportOf({ process: { noNewPrivileges: false } })).noNewPrivileges, 0);
  assert.equal((await reportOf({})).noNewPrivileges, 0);
});

test("with no_new_privs a set-user-ID program gives nothing", { skip }, async () => {
  for (const noNewPrivileges of [false, true]) {
    await using made = await container({
      process: { user: nobody, noNewPrivileges, capabilities: {} },
      args: ["probe", "report"],
    });
    execFileSync("chmod", ["4755", join(made.rootfs, "bin/probe")]);
    const [report] = probeLines(succeeded(await made.run()).stdout);
    assert.deepEqual(
      (report as { uid?: number[] } | undefined)?.uid,
      noNewPrivileges ? [1000, 1000, 1000] : [1000, 0, 0],
    );
  }
});

test("the session keyring is the container's own, unless the caller's is wanted", { skip }, async () => {
  const keyring = call("keyctl", 0, -3, 0);
  const [own] = await probe(keyring);
  const [other] = await probe(keyring);
  assert.ok(Number(own?.returned) > 0 && Number(other?.returned) > 0);
  assert.notEqual(own?.returned, other?.returned);
});

test("a label without its security module is refused, not ignored (CVE-2019-16884)", {
  skip,
}, async () => {
  await using made = await container({ process: { apparmorProfile: "no-such-profile" } });
  const { code, stdout } = await made.run();
  assert.notEqual(code, 0);
  assert.equal(stdout, "");
  made.assertNothingLeft();
});
