import type { Handler, Route } from "../../route.ts";
import { logIn } from "./auth.ts";
import { commitContainer } from "./commit.ts";
import { distributionOf } from "./distribution.ts";
import { history, inspectImage, listImages } from "./list.ts";
import type { ImagesPort } from "./port.ts";
import { pruneImages } from "./prune.ts";
import { removeImage, tagImage } from "./references.ts";
import { copyImage, deleteRemote, digestOfImage, listTags, lookAtImage } from "./remote.ts";
import { searchImages } from "./search.ts";
import { serveRegistry } from "./serve-registry.ts";
import { signaturesOfImage, signImage } from "./signatures.ts";
import { squashImage } from "./squash.ts";
import { loadImages, pullImage, pushImage, saveImage, saveImages } from "./transfer.ts";
import { compareImages, treeOfImage } from "./tree.ts";

/** A handler that still needs the engine. */
export type ImagesHandler = (images: ImagesPort, ...request: Parameters<Handler>) => ReturnType<Handler>;

/** The endpoints below /images, and those about registries. Fixed names come before `{name...}`. Source: swagger.yaml, tag `Image`. */
export function imageRoutes(images: ImagesPort): readonly Route[] {
  const using =
    (handler: ImagesHandler): Handler =>
    (request) =>
      handler(images, request);
  return [
    { method: "POST", path: "/commit", access: "images:load", since: 24, handler: using(commitContainer) },
    {
      method: "GET",
      path: "/distribution/{name...}/json",
      access: "owner",
      since: 30,
      handler: using(distributionOf),
    },
    { method: "POST", path: "/auth", access: "images:pull", since: 24, handler: using(logIn) },
    { method: "POST", path: "/tug/images/copy", access: "owner", since: 24, handler: using(copyImage) },
    { method: "GET", path: "/tug/images/look", access: "owner", since: 24, handler: using(lookAtImage) },
    { method: "GET", path: "/tug/images/digest", access: "owner", since: 24, handler: using(digestOfImage) },
    { method: "GET", path: "/tug/images/tags", access: "owner", since: 24, handler: using(listTags) },
    {
      method: "GET",
      path: "/tug/images/signatures",
      access: "owner",
      since: 24,
      handler: using(signaturesOfImage),
    },
    { method: "POST", path: "/tug/images/sign", access: "owner", since: 24, handler: using(signImage) },
    {
      method: "DELETE",
      path: "/tug/images/remote",
      access: "owner",
      since: 24,
      handler: using(deleteRemote),
    },
    {
      method: "POST",
      path: "/tug/registry/serve",
      access: "owner",
      since: 24,
      handler: using(serveRegistry),
    },
    {
      method: "GET",
      path: "/tug/images/{name...}/tree",
      access: "owner",
      since: 24,
      handler: using(treeOfImage),
    },
    {
      method: "POST",
      path: "/tug/images/{name...}/squash",
      access: "owner",
      since: 24,
      handler: using(squashImage),
    },
    {
      method: "GET",
      path: "/tug/images/{name...}/diff",
      access: "owner",
      since: 24,
      handler: using(compareImages),
    },
    { method: "GET", path: "/images/json", access: "images:read", since: 24, handler: using(listImages) },
    { method: "GET", path: "/images/search", access: "images:pull", since: 24, handler: using(searchImages) },
    { method: "GET", path: "/images/get", access: "images:save", since: 24, handler: using(saveImages) },
    { method: "POST", path: "/images/create", access: "images:pull", since: 24, handler: using(pullImage) },
    {
      method: "POST",
      path: "/images/prune",
      access: "images:manage",
      since: 25,
      handler: using(pruneImages),
    },
    { method: "POST", path: "/images/load", access: "images:load", since: 24, handler: using(loadImages) },
    {
      method: "GET",
      path: "/images/{name...}/json",
      access: "images:read",
      since: 24,
      handler: using(inspectImage),
    },
    {
      method: "GET",
      path: "/images/{name...}/history",
      access: "images:read",
      since: 24,
      handler: using(history),
    },
    {
      method: "GET",
      path: "/images/{name...}/get",
      access: "images:save",
      since: 24,
      handler: using(saveImage),
    },
    {
      method: "POST",
      path: "/images/{name...}/push",
      access: "images:push",
      since: 24,
      handler: using(pushImage),
    },
    {
      method: "POST",
      path: "/images/{name...}/tag",
      access: "images:manage",
      since: 24,
      handler: using(tagImage),
    },
    {
      method: "DELETE",
      path: "/images/{name...}",
      access: "images:manage",
      since: 24,
      handler: using(removeImage),
    },
  ];
}
