import type { Digest } from "../base/index.ts";
import { imageError } from "./errors.ts";
import type { Collected } from "./gc.ts";
import { type FoundImage, type ImageStore, notFound } from "./image-store.ts";
import { type ImageTable, isDangling } from "./image-table.ts";
import { parseName, type ReferenceOptions, repositoryOf } from "./reference.ts";

/** A container that was made from an image. */
export type ImageUser = { readonly container: string; readonly running: boolean };

export type RemoveOptions = {
  /** Take away all names, and ignore containers that do not run. */
  force?: boolean;
  /** The containers that use an image. */
  usedBy?: (id: Digest) => readonly ImageUser[];
};

/** What a removal did, in its order. */
export type Removed = {
  /** Full references. */
  readonly untagged: readonly string[];
  /** The id of the image if it is gone, then the chain ids of the layers that went with it. */
  readonly deleted: readonly Digest[];
};

export type RemoverOptions = {
  store: ImageStore;
  table: ImageTable;
  references: ReferenceOptions;
  collect: () => Promise<Collected>;
};

/**
 * Takes a name from an image, and removes the image when it was the last; or, asked by id, removes it with all its
 * names. The rules are those of `docker image rm`:
 *
 * By name: while a container uses the image its only name stays, unless forced; then an image that a running container
 * uses is kept without a name. With the last tag of a repository go the digests by which it was pulled from there. When
 * no name is left, the image goes.
 * By id: an image with names in several repositories, or with several tags, stays unless forced. One that a running
 * container uses stays in any case, one that a stopped container uses unless forced.
 *
 * Source: https://github.com/moby/moby/blob/v28.5.1/daemon/images/image_delete.go
 * @throws IMAGE_NOT_FOUND, IMAGE_IN_USE
 */
export async function removeImage(
  options: RemoverOptions,
  query: string,
  { force = false, usedBy = () => [] }: RemoveOptions = {},
): Promise<Removed> {
  const { store, table, references, collect } = options;
  const found = store.find(query);
  if (found === undefined) throw notFound(query);
  const names = table.byId(found.id).map(({ name }) => name);
  const users = usedBy(found.id);
  const request = { query, found, names, force, users, references };
  const untagged = found.name === undefined ? namesOfId(request) : namesOfName(request, found.name);
  await store.delete(untagged, { keepImages: users.some(({ running }) => running) });
  const shown = untagged.filter((name) => !isDangling(name));
  if (table.byId(found.id).length > 0) return { untagged: shown, deleted: [] };
  const { snapshots } = await collect();
  await store.publish();
  return { untagged: shown, deleted: [found.id, ...(snapshots as Digest[])] };
}

type Request = {
  query: string;
  found: FoundImage;
  /** All names of the image. */
  names: readonly string[];
  force: boolean;
  users: readonly ImageUser[];
  references: ReferenceOptions;
};

/** The names that go when one of them is to go. */
function namesOfName(request: Request, name: string): string[] {
  const { names, force, users, references } = request;
  const repository = (each: string) => repositoryOf(parseName(each, references));
  const left = names.filter((each) => each !== name);
  const isTag = !name.includes("@");
  const hasTag = left.some((each) => !each.includes("@") && repository(each) === repository(name));
  const digests =
    isTag && !hasTag
      ? left.filter((each) => each.includes("@") && repository(each) === repository(name))
      : [];
  const [user] = users;
  if (left.length === digests.length && user !== undefined && !force)
    throw inUse(request, user, "must be forced");
  return [name, ...digests];
}

/** All names of an image that is to go. */
function namesOfId(request: Request): string[] {
  const { names, force, users, query, references } = request;
  const running = users.find((each) => each.running);
  if (running !== undefined) throw inUse(request, running, "cannot be forced");
  if (force) return [...names];
  const [user] = users;
  if (user !== undefined) throw inUse(request, user, "must be forced");
  const named = names.filter((each) => !isDangling(each));
  const repositories = new Set(named.map((each) => repositoryOf(parseName(each, references))));
  const tags = named.filter((each) => !each.includes("@"));
  if (repositories.size > 1 || tags.length > 1) {
    throw imageError(
      "IN_USE",
      `cannot remove image ${query}: it has names in several repositories or several tags`,
      {
        hint: "remove it by its names, or force it",
        details: { image: request.found.id, names: [...named] },
      },
    );
  }
  return [...names];
}

function inUse({ found, query }: Request, user: ImageUser, how: "must be forced" | "cannot be forced") {
  const state = user.running ? "the running container" : "the stopped container";
  return imageError("IN_USE", `cannot remove image ${query}: ${state} ${user.container} uses it`, {
    hint:
      how === "must be forced"
        ? "remove the container first, or force it"
        : "stop and remove the container first",
    details: { image: found.id, container: user.container, running: user.running },
  });
}
