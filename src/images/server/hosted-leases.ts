import type { Digest } from "../../base/index.ts";
import type { Lease, Leases } from "../leases.ts";
import type { RegistryTable } from "./registry-table.ts";

/**
 * Leases of what registries have beside images. Each belongs to a row: it is taken when the row is there and released
 * before the row goes, so that after a crash rows without a lease can be told, and no lease is without a row.
 */
type HostedOptions = { registry: RegistryTable; leases: Leases };

/** What keeps a blob that was sent and that no manifest of the repository refers to yet. */
export function blobLease(leases: Leases, repository: string, digest: Digest): Lease {
  return leases.permanent(`registry blob ${repository}@${digest}`);
}

/** What keeps a manifest of a repository that is no image, with all that it lists. */
export function manifestLease(leases: Leases, repository: string, digest: Digest): Lease {
  return leases.permanent(`registry manifest ${repository}@${digest}`);
}

/** Takes a blob out of a repository. False where it was not there by itself. */
export function dropBlob({ registry, leases }: HostedOptions, repository: string, digest: Digest): boolean {
  if (!registry.hasBlob(repository, digest)) return false;
  blobLease(leases, repository, digest).release();
  return registry.deleteBlob(repository, digest);
}

/** Takes a manifest that is no image out of a repository, with its tags. False where there is none. */
export function dropManifest(
  { registry, leases }: HostedOptions,
  repository: string,
  digest: Digest,
): boolean {
  manifestLease(leases, repository, digest).release();
  return registry.deleteManifest(repository, digest);
}

/** Takes the leases that a crash left out. */
export async function renewLeases({ registry, leases }: HostedOptions): Promise<void> {
  for (const { repository, digest } of registry.blobs()) {
    await blobLease(leases, repository, digest).retain({ kind: "blob", resource: digest });
  }
  for (const { repository, digest } of registry.manifests()) {
    await manifestLease(leases, repository, digest).retain({ kind: "manifest", resource: digest });
  }
}
