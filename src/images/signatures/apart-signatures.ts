import { join } from "node:path";
import { type Digest, splitDigest } from "../../base/index.ts";
import { openReader, type PlaceRequest } from "../transports/open-place.ts";
import { formatPlace, type Place } from "../transports/place.ts";
import { addSignatureFiles, readSignatureFiles } from "./signature-files.ts";
import type { SignatureOptions, SignaturePart } from "./signature-shelf.ts";

/** Signatures in files: those of GPG of images in a registry, and all of a directory. Undefined elsewhere. */
export function apartSignatures(
  options: SignatureOptions,
  place: Place,
  request: PlaceRequest,
): SignaturePart | undefined {
  switch (place.transport) {
    case "docker": {
      const { lookaside } = options;
      const { reference } = place;
      const { signal } = request;
      return {
        forms: ["gpg"],
        list: (subject) => lookaside.list(reference, subject, signal),
        add: (subject, signatures) =>
          options.signing.run(`apart ${formatPlace(place)}`, () =>
            lookaside.add(reference, subject, { signatures, signal }),
          ),
      };
    }
    case "dir":
      return inDirectory(options, place, request);
    default:
      return undefined;
  }
}

/**
 * The files `signature-1` and so on of what a directory holds, and `HEX.signature-1` of the images of its index.
 * Source: https://github.com/containers/image/blob/v5.36.2/directory/directory_transport.go
 */
function inDirectory(
  options: SignatureOptions,
  place: Place & { transport: "dir" },
  request: PlaceRequest,
): SignaturePart {
  const prefixOf = async (subject: Digest) => {
    await using source = await openReader(options, place, request);
    const { digest } = await source.root(request.signal);
    const name = subject === digest ? "signature-" : `${splitDigest(subject).hex}.signature-`;
    return join(place.path, name);
  };
  return {
    forms: ["gpg", "cosign"],
    list: async (subject) => await readSignatureFiles(await prefixOf(subject)),
    add: async (subject, signatures) => await addSignatureFiles(await prefixOf(subject), signatures),
  };
}
