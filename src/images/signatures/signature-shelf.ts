import type { createKeyedMutex, Digest } from "../../base/index.ts";
import { formOf, type ImageSignature, type SignatureForm } from "../../signatures/index.ts";
import type { PlaceOptions, PlaceRequest } from "../transports/open-place.ts";
import type { Place } from "../transports/place.ts";
import { apartSignatures } from "./apart-signatures.ts";
import { attachedSignatures } from "./attached-signatures.ts";
import type { Lookaside } from "./lookaside.ts";
import { full, noPlace } from "./signature-shelf-errors.ts";
import type { SignatureTable } from "./signature-table.ts";

export type SignatureOptions = PlaceOptions & {
  signatures: SignatureTable;
  lookaside: Lookaside;
  /** Who adds signatures, by the place: what is there is read and written again with more. */
  signing: ReturnType<typeof createKeyedMutex>;
};

/** Signatures of images, by what is signed. */
export interface SignaturePart {
  /** What can be added. */
  readonly forms: readonly SignatureForm[];
  /** Those of a form, maybe among others, or all. Nobody has verified them. */
  list(subject: Digest, form?: SignatureForm): Promise<readonly ImageSignature[]>;
  /** Adds those that are not there yet. @throws IMAGE_CONFIGURATION for more than anybody looks at */
  add(subject: Digest, signatures: readonly ImageSignature[]): Promise<void>;
}

/** Where all signatures of images of a place lie. Adding throws IMAGE_PLACE for those of a form that has none there. */
export type SignatureShelf = SignaturePart & {
  /** The image that holds those of cosign's form; undefined where none does, as in the store. */
  readonly imageOf: ((subject: Digest) => Place) | undefined;
};

/**
 * The signatures of a registry's repository, of a layout, of a directory or of the store.
 * @param request `adds` if any are going to be added
 * @throws IMAGE_PLACE elsewhere
 */
export function openShelf(
  options: SignatureOptions,
  place: Place,
  { adds = false, ...request }: PlaceRequest & { adds?: boolean },
): SignatureShelf {
  if (place.transport === "store") return storeShelf(options, place);
  const attached = attachedSignatures(options, place, { ...request, adds });
  const apart = apartSignatures(options, place, request);
  const parts: readonly SignaturePart[] = [attached, apart].filter((each) => each !== undefined);
  if (parts.length === 0) throw noPlace(place);
  const forms = parts.flatMap((part) => part.forms);
  return {
    forms,
    imageOf: attached?.imageOf,
    async list(subject, form) {
      const asked = parts.filter((part) => form === undefined || part.forms.includes(form));
      return (await Promise.all(asked.map((part) => part.list(subject)))).flat();
    },
    async add(subject, signatures) {
      const misplaced = signatures.map(formOf).find((form) => !forms.includes(form));
      if (misplaced !== undefined) throw noPlace(place, misplaced);
      for (const part of parts) {
        const those = signatures.filter((each) => part.forms.includes(formOf(each)));
        if (those.length > 0) await part.add(subject, those);
      }
    },
  };
}

function storeShelf({ signatures: table }: SignatureOptions, place: Place): SignatureShelf {
  return {
    forms: ["cosign", "gpg"],
    imageOf: undefined,
    list: async (subject) => table.of(subject),
    add: async (subject, signatures) => {
      if (!table.add(subject, signatures)) throw full(place);
    },
  };
}
