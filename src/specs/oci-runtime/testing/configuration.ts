import assert from "node:assert/strict";
import { TugError } from "../../../base/index.ts";
import { parseSpec, printJson } from "../index.ts";

/** The smallest configuration that parses, as an object to change. */
export function minimal(): Record<string, unknown> & { process: Record<string, unknown> } {
  return {
    ociVersion: "1.3.0",
    root: { path: "rootfs" },
    process: { args: ["sh"], cwd: "/", user: { uid: 0, gid: 0 } },
  };
}

/** The same with other members of the process. */
export function withProcess(process: object) {
  return { ...minimal(), process: { ...minimal().process, ...process } };
}

/** The same with a Linux part. */
export function withLinux(linux: object) {
  return { ...minimal(), linux };
}

/** A mapping of ids that is valid alone. */
export const sampleMappings = [{ containerID: 0, hostID: 1000, size: 10 }];

/** The error for what must be refused, which must say what to do. */
export function refusal(run: () => unknown): TugError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof TugError, `not a TugError: ${error}`);
    assert.ok(error.hint, "an error tells what to do");
    return error;
  }
  assert.fail("was accepted");
}

/** Asserts that a configuration is refused with a sentence about a place in it. */
export function assertRefused(spec: object, sentence: string): void {
  const { message, code } = refusal(() => parseSpec(printJson(spec)));
  assert.equal(code, "OCI_CONFIG");
  assert.equal(message, `cannot use config.json#${sentence}`);
}
