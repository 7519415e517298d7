import assert from "node:assert/strict";
import { test } from "node:test";
import { requireRoot } from "../../environment/index.ts";
import { type Outcome, skip } from "../../privileged/harness/index.ts";
import { cannotLink, type Guard, type OtherRuntime, runtimeWithout } from "./unguarded.ts";

/** What came of an attempt: whether it led out, and how the command ended that it was tried with. */
export type Attempt = {
  readonly out: boolean;
  readonly outcome: Pick<Outcome, "code" | "stdout" | "stderr">;
};

/** One way out of a container, as it is tried. */
export type Escape = {
  /** The advisory and what it was. */
  readonly name: string;
  /** What the twin's helper does without. */
  readonly without: readonly Guard[];
  /** Tries it on a runtime and removes what it leaves behind. */
  readonly attempt: (runtime: OtherRuntime) => Promise<Attempt>;
  /** How the attempt ends where it does not lead out: the container runs, or is refused with these words. */
  readonly ends: "runs" | RegExp;
  /** Why it cannot be tried here, or false. */
  readonly skip?: string | false;
};

/**
 * tug-oci as it is released holds, and without the guards the same attempt leads out. Where that takes more than one
 * guard away, any of them holds alone.
 */
export function testEscape({ name, without, attempt, ends, skip: reason = false }: Escape): void {
  const cannot = requireRoot() || skip || reason;
  test(`${name}: does not lead out`, { skip: cannot }, async () => {
    await using runtime = await runtimeWithout();
    const { out, outcome } = await attempt(runtime);
    assert.equal(out, false, outcome.stdout);
    if (ends === "runs") assert.equal(outcome.code, 0, outcome.stderr);
    else assert.match(outcome.stderr, ends);
  });
  test(`${name}: leads out without ${without.join(" and ")}`, {
    skip: cannot || cannotLink(without),
  }, async () => {
    await using runtime = await runtimeWithout(...without);
    const { out, outcome } = await attempt(runtime);
    assert.equal(out, true, `${outcome.stdout}${outcome.stderr}`);
  });
  for (const guard of without.length > 1 ? without : []) {
    const others = without.filter((other) => other !== guard);
    test(`${name}: ${guard} holds alone`, { skip: cannot || cannotLink(others) }, async () => {
      await using runtime = await runtimeWithout(...others);
      assert.equal((await attempt(runtime)).out, false);
    });
  }
}
