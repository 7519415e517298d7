import { maxSignatures, type SignatureForm } from "../../signatures/index.ts";
import { imageError } from "../errors.ts";
import { formatPlace, type Place } from "../transports/place.ts";

/** There is no room for another signature. */
export function full(place: Place) {
  const name = formatPlace(place);
  return imageError(
    "CONFIGURATION",
    `cannot add a signature to ${name}: it has ${maxSignatures}, and no more are looked at`,
  );
}

/** An archive is written once. */
export function unchangeable(name: string) {
  return imageError("PLACE", `cannot put signatures into ${name}: nothing can be added to an archive`, {
    hint: "use a layout: oci:DIR",
  });
}

/** Signatures, or those of one form, have no place there. */
export function noPlace(place: Place, form?: SignatureForm) {
  const name = formatPlace(place);
  if (form === undefined) {
    return imageError("PLACE", `cannot use signatures of ${name}: nothing can lie beside an image there`, {
      hint: "signatures lie in registries (docker://NAME), layouts (oci:DIR:NAME), directories (dir:DIR) and the store (NAME)",
    });
  }
  const kind = form === "gpg" ? "GPG signature" : "signature";
  return imageError("PLACE", `cannot put a ${kind} into ${name}: nobody would look for it there`, {
    hint: "GPG signatures belong to registries (docker://NAME), directories (dir:DIR) and the store (NAME)",
  });
}
