import { isAbsolute } from "node:path";
import { imageError } from "../errors.ts";
import { formatReference, parseReference, type Reference, type ReferenceOptions } from "../reference.ts";

/** Where an image is or shall be. Paths are absolute. */
export type Place =
  | { readonly transport: "store"; readonly name: string }
  | { readonly transport: "docker"; readonly reference: Reference }
  | { readonly transport: "docker-daemon"; readonly name: string }
  | { readonly transport: "dir"; readonly path: string }
  | {
      readonly transport: "oci" | "oci-archive" | "docker-archive";
      readonly path: string;
      /** Of several images, which. */
      readonly name: string | undefined;
    };

/**
 * Reads a place as skopeo's users write it: `docker://debian:12`, `oci:/dir:name`, `oci-archive:/file:name`,
 * `docker-archive:/file:name:tag`, `dir:/dir`, `docker-daemon:name:tag`. `store:NAME`, and what begins like none of
 * these, is an image of this store.
 *
 * Source: containers-transports(5)
 * @throws IMAGE_PLACE, IMAGE_REFERENCE
 */
export function parsePlace(text: string, references: ReferenceOptions = {}): Place {
  const [, transport = "store", rest = text] =
    /^(store|docker-daemon|docker-archive|docker(?=:\/\/)|oci-archive|oci|dir):(.*)$/s.exec(text) ?? [];
  switch (transport) {
    case "docker":
      return { transport, reference: parseReference(rest.slice(2), references) };
    case "docker-daemon":
      if (rest === "") throw malformed(text, "it names no image");
      return { transport, name: rest };
    case "dir":
      return { transport, path: pathOf(text, rest) };
    case "oci":
    case "oci-archive":
    case "docker-archive": {
      const [, path = "", name] = /^([^:]*)(?::(.*))?$/s.exec(rest) ?? [];
      return { transport, path: pathOf(text, path), name: name || undefined };
    }
    default:
      if (rest === "") throw malformed(text, "it names no image");
      return { transport: "store", name: rest };
  }
}

/** A place as people write it. */
export function formatPlace(place: Place): string {
  switch (place.transport) {
    case "store":
      return place.name;
    case "docker":
      return `docker://${formatReference(place.reference)}`;
    case "docker-daemon":
      return `docker-daemon:${place.name}`;
    case "dir":
      return `dir:${place.path}`;
    default:
      return `${place.transport}:${place.path}${place.name === undefined ? "" : `:${place.name}`}`;
  }
}

function pathOf(text: string, path: string): string {
  if (isAbsolute(path)) return path;
  throw malformed(text, path === "" ? "it names no path" : "its path is not absolute");
}

function malformed(text: string, reason: string) {
  return imageError("PLACE", `cannot use ${JSON.stringify(text)}: ${reason}`, {
    hint: "write docker://NAME, oci:DIR:NAME, oci-archive:FILE:NAME, docker-archive:FILE:NAME, dir:DIR or docker-daemon:NAME",
  });
}
