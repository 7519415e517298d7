import { type Digest, splitDigest } from "../../base/index.ts";
import { annotations, type Descriptor } from "../../specs/index.ts";

/**
 * The tag under which the signatures of a manifest or index lie beside it.
 * Source: https://github.com/sigstore/cosign/blob/v2.5.0/specs/SIGNATURE_SPEC.md#tag-based-discovery
 */
export function signatureTag(digest: Digest): string {
  const { algorithm, hex } = splitDigest(digest);
  return `${algorithm}-${hex}.sig`;
}

/** What `cosign save` calls the signatures, attestations and bills of materials that a layout holds of its image. */
const kinds = ["sigs", "atts", "sboms"].map((kind) => `dev.cosignproject.cosign/${kind}`);

/** Whether an entry of a layout is about an image that lies there too, and none itself. */
export function isAboutImage({ annotations: notes = {} }: Descriptor): boolean {
  const name = notes[annotations.refName] ?? "";
  return kinds.includes(notes.kind ?? "") || /^sha\d+-[0-9a-f]+\.(sig|att|sbom)$/.test(name);
}

/** Whether an entry of a layout is what `cosign save` keeps the signatures of the layout's image in. */
export function isSavedByCosign({ annotations: notes }: Descriptor): boolean {
  return notes?.kind === kinds[0];
}
