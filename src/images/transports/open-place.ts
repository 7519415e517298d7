import type { Credentials } from "../../credentials/index.ts";
import type { Reference } from "../reference.ts";
import type { RegistryClient } from "../registry/client.ts";
import { archiveFiles } from "./archive-files.ts";
import { readDaemonImage, usualDaemon, writeDaemonImage } from "./daemon.ts";
import { readDirImage } from "./dir-reader.ts";
import { readDockerArchive } from "./docker-archive-reader.ts";
import { archiveSink, directorySink } from "./file-sink.ts";
import { writeDirImage, writeDockerArchive, writeLayoutImage } from "./file-writers.ts";
import { directoryFiles } from "./files.ts";
import { readLayoutImage } from "./layout-reader.ts";
import type { ImageReader, ImageWriter } from "./open-image.ts";
import type { Place } from "./place.ts";
import { readRegistryImage, writeRegistryImage } from "./registry-image.ts";
import { readStoreImage, type StorePlaceOptions, writeStoreImage } from "./store-image.ts";

export type PlaceOptions = StorePlaceOptions & {
  registry: Pick<RegistryClient, "repository" | "writer" | "search">;
};

/** How a place is spoken to. */
export type Access = {
  /** By default those of the credential source. */
  credentials?: Credentials | undefined;
  /** The registry may have any certificate, or speak without encryption. */
  insecure?: boolean | undefined;
  /** Address of Docker's daemon: unix:///PATH. */
  daemon?: string | undefined;
};

export type PlaceRequest = Access & { verb: string; signal?: AbortSignal | undefined };

/** Opens an image to be read. */
export async function openReader(
  options: PlaceOptions,
  place: Place,
  { signal, ...request }: PlaceRequest,
): Promise<ImageReader> {
  switch (place.transport) {
    case "store":
      return readStoreImage(options, place.name);
    case "docker":
      return readRegistryImage(
        options.registry.repository(place.reference, registryAccess(request)),
        place.reference,
      );
    case "docker-daemon":
      return readDaemonImage(request.daemon ?? usualDaemon, place.name, signal);
    case "dir":
      return readDirImage(directoryFiles(place.path));
    case "oci":
      return readLayoutImage(directoryFiles(place.path), place.name);
    case "oci-archive":
      return readLayoutImage(await archiveFiles(place.path, signal), place.name);
    case "docker-archive":
      return readDockerArchive(await archiveFiles(place.path, signal), place.name);
  }
}

/** Opens a place for an image. */
export async function openWriter(
  options: PlaceOptions,
  place: Place,
  request: PlaceRequest,
): Promise<ImageWriter> {
  switch (place.transport) {
    case "store":
      return writeStoreImage(options, place.name);
    case "docker":
      return writeRegistryImage(
        options.registry.writer(place.reference, registryAccess(request)),
        place.reference,
      );
    case "docker-daemon":
      return await writeDaemonImage(request.daemon ?? usualDaemon, place.name);
    case "dir":
      return writeDirImage(directorySink(place.path), directoryFiles(place.path));
    case "oci":
      return writeLayoutImage(directorySink(place.path), place.name, directoryFiles(place.path));
    case "oci-archive":
      return writeLayoutImage(await archiveSink(place.path), place.name);
    case "docker-archive":
      return writeDockerArchive(await archiveSink(place.path), place.name);
  }
}

/** What the registry client takes. */
export function registryAccess({ credentials, insecure, verb }: Omit<PlaceRequest, "signal">) {
  return { verb, insecure, ...(credentials && { credentials: async () => credentials }) };
}

/** What is in the place of a registry where a command needs one. */
export function registryReference(place: Place): Reference | undefined {
  return place.transport === "docker" ? place.reference : undefined;
}
