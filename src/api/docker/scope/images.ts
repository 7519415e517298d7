import type { DockerPorts } from "../door.ts";
import type { ImagesPort, RemoteImagesPort } from "../routes/images/port.ts";
import { beyond, need } from "./policy.ts";
import type { Things } from "./things.ts";

/** The images of the machine, which all share, as far as a policy lets them be seen and changed. */
export function scopedImages({ images }: DockerPorts, things: Things): ImagesPort {
  const { policy } = things;
  const denied = () => {
    throw beyond(policy, "it is the owner's to do");
  };
  return {
    // The disk usage asks for them, too.
    list: async () => (policy.allow.has("images:read") ? images.list() : []),
    get: (reference, platform) => images.get(reference, platform),
    history: (reference) => images.history(reference),
    tag: (source, target) => images.tag(source, target),
    remove: (reference, options) => things.discreetly(() => images.remove(reference, options)),
    pull: (request, signal) => images.pull({ ...request, auth: request.auth ?? nobody }, signal),
    prune: (options) => images.prune(options),
    commit: async (request, signal) => {
      const { id } = await things.container(request.container);
      return images.commit({ ...request, container: id }, signal);
    },
    async import(request, signal) {
      need(policy, "images:load", "import an image");
      if (typeof request.source === "string") throw beyond(policy, "no addresses are read from");
      return images.import(request, signal);
    },
    keepers: denied,
    squash: denied,
    tree: denied,
    compare: denied,
    check: denied,
    remote: scopedRemote(images.remote, denied),
    serveRegistry: denied,
    logIn: (auth, signal) => images.logIn(auth, signal),
    push: (request, signal) => images.push({ ...request, auth: request.auth ?? nobody }, signal),
    load: (archive, options, signal) => images.load(archive, options, signal),
    save: (references, options, signal) => images.save(references, options, signal),
  };
}

/** Places may be files of the machine: but for registries, none can be looked at. */
function scopedRemote(remote: RemoteImagesPort, denied: () => never): RemoteImagesPort {
  return {
    copy: denied,
    look: denied,
    digest: denied,
    tags: denied,
    signatures: denied,
    sign: denied,
    delete: denied,
    search: (request, signal) => remote.search({ ...request, auth: request.auth ?? nobody }, signal),
  };
}

/** Whoever brings no credentials does not get those of the engine. */
const nobody = { username: "", password: "" };
