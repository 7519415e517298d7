import { type Digest, TugError } from "../../base/index.ts";
import { checkLayoutMarker, parseDockerArchive, parseIndex } from "../../specs/index.ts";
import { isDamage } from "../context.ts";
import { imageError } from "../errors.ts";
import { noSource } from "../install.ts";
import type { Lease } from "../leases.ts";
import { makeManifest } from "./docker-archive.ts";
import {
  type Entry,
  installEntries,
  type LoadedImage,
  type LoadOptions,
  type LoadRequest,
  layoutEntries,
} from "./entries.ts";
import { type Members, readMembers } from "./members.ts";
import { normalized } from "./names.ts";

/**
 * Loads all images of an archive: an OCI layout in a tar, or what `docker save` writes, each also compressed.
 *
 * All or nothing: names are given when every image is installed.
 * @throws IMAGE_ARCHIVE, IMAGE_INCOMPLETE and what `installImage` throws
 */
export async function loadArchive(
  options: LoadOptions,
  source: AsyncIterable<Uint8Array>,
  request: LoadRequest = {},
): Promise<LoadedImage[]> {
  try {
    return await load(options, source, request);
  } catch (error) {
    throw asLoadFailure(error);
  }
}

async function load(
  options: LoadOptions,
  source: AsyncIterable<Uint8Array>,
  request: LoadRequest,
): Promise<LoadedImage[]> {
  const { content, leases } = options;
  using lease = leases.temporary();
  const members = await readMembers(source, { content, lease, signal: request.signal });
  const entries = await entriesOf(options, members, lease);
  const has = async (digest: Digest) => (await content.size(digest)) !== undefined;
  return await installEntries(options, {
    entries,
    lease,
    has,
    source: noSource("of the archive"),
    ...request,
  });
}

async function entriesOf(
  { content, references }: LoadOptions,
  members: Members,
  lease: Lease,
): Promise<Entry[]> {
  const index = members.documents.get("index.json");
  const docker = members.documents.get("manifest.json");
  if (index !== undefined) {
    checkLayoutMarker(members.documents.get("oci-layout") ?? new Uint8Array(), "oci-layout of the archive");
    return layoutEntries(parseIndex(index, "index.json of the archive").manifests, references);
  }
  if (docker === undefined) {
    throw imageError("ARCHIVE", "cannot load the archive: it has neither index.json nor manifest.json", {
      hint: "load takes archives of docker save, podman save or skopeo",
    });
  }
  const entries: Entry[] = [];
  for (const image of parseDockerArchive(docker, "manifest.json of the archive")) {
    const names = (image.RepoTags ?? []).map((tag) => normalized(tag, references));
    const target = await makeManifest(image, { members, content, lease });
    entries.push({ target, names: names.filter((name) => name !== undefined) });
  }
  return entries;
}

/** An error as the failure of the whole. One that says so already, and one that is not ours, stays as it is. */
function asLoadFailure(error: unknown): unknown {
  if (!(error instanceof TugError) || /^cannot load /.test(error.message)) return error;
  const hint =
    error.hint ?? (isDamage(error) ? "the archive is damaged or was cut off: write it again" : undefined);
  return new TugError(error.kind, error.code, `cannot load the archive: ${error.message}`, {
    cause: error,
    details: error.details,
    ...(hint !== undefined && { hint }),
  });
}
