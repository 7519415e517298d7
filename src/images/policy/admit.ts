import type { Digest } from "../../base/index.ts";
import type { GoodSignature } from "../../signatures/index.ts";
import { imageError } from "../errors.ts";
import type { Lookaside } from "../signatures/lookaside.ts";
import type { SignatureTable } from "../signatures/signature-table.ts";
import type { Judgement } from "./judge-image.ts";
import type { Policy } from "./policy.ts";

/** What decides which images come in and run. */
export type AdmissionOptions = {
  /** The policy that is in force now; undefined accepts everything. @throws IMAGE_POLICY */
  policy: () => Promise<Policy | undefined>;
  /** Of the images that are in the store. */
  signatures: SignatureTable;
  /** Of the images that are in registries. */
  lookaside: Lookaside;
};

/** The error for an image that the policy refuses. `verb` is pull or run. */
export function refused(verb: "pull" | "run", name: string, { reason, unsigned }: Refusal) {
  const hint = !unsigned
    ? "change the policy if the image is to be used"
    : verb === "pull"
      ? "have the image signed, or change the policy"
      : "pull the image again if it is signed in its registry, or sign it with tug image sign";
  return imageError("POLICY_REFUSED", `cannot ${verb} ${name}: ${reason}`, {
    hint,
    details: { reference: name },
  });
}

type Refusal = Judgement & { readonly accepted: false };

/** Keeps signatures that were found good, beside what they are of. Where there is no room, others make it. */
export function keepSignatures(table: SignatureTable, signatures: readonly GoodSignature[]): void {
  const bySubject = Map.groupBy(signatures, ({ claim }): Digest => claim.digest);
  for (const [subject, good] of bySubject) {
    const list = good.map(({ signature }) => signature);
    if (table.add(subject, list)) continue;
    table.drop(subject);
    table.add(subject, list);
  }
}
