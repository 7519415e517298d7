import { TugError } from "../../../base/index.ts";
import type { CheckEvent, imageModel } from "../../../engine/index.ts";
import { dockerApi } from "../../../specs/index.ts";
import type {
  Image,
  ImagesPort,
  ImportRequest,
  PullRequest,
  PushRequest,
  TreeOfImage,
} from "../routes/images/port.ts";
import { createFakeRemote, type FakeRemoteCall } from "./fake-remote.ts";

type CheckedProblem = Extract<CheckEvent, { kind: "checked" }>["report"]["problems"][number];

/** Images in memory, a registry that can deliver some more, and what was asked. */
export type FakeImages = {
  readonly port: ImagesPort;
  readonly pulls: readonly PullRequest[];
  readonly pushes: readonly PushRequest[];
  readonly loads: readonly string[];
  /** What was asked for a platform: `save linux/arm64`. */
  readonly platforms: readonly string[];
  readonly remoteCalls: readonly FakeRemoteCall[];
  /** Registries that were to be served. */
  readonly registries: readonly imageModel.ServeRegistryRequest[];
  /** With the archive as text. */
  readonly imports: readonly ImportRequest[];
  /** What a check finds; without a hint a repair puts it right. */
  readonly problems: CheckedProblem[];
  has(reference: string): boolean;
};

/**
 * @param local names of the images that are there
 * @param remote names of the images that can be pulled
 */
export function createFakeImages(local: readonly string[], remote: readonly string[]): FakeImages {
  const images = new Map(local.map((name) => [name, fakeImage(name)]));
  const pulls: PullRequest[] = [];
  const pushes: PushRequest[] = [];
  const loads: string[] = [];
  const remoteCalls: FakeRemoteCall[] = [];
  const registries: imageModel.ServeRegistryRequest[] = [];
  const platforms: string[] = [];
  const imports: ImportRequest[] = [];
  const problems: CheckedProblem[] = [];

  const find = (reference: string): [name: string, image: Image] => {
    for (const name of [reference, `${reference}:latest`]) {
      const image = images.get(name);
      if (image !== undefined) return [name, image];
    }
    const byId = [...images].find(([, image]) => image.id.startsWith(`sha256:${reference}`));
    if (byId !== undefined) return byId;
    throw new TugError("notFound", "FAKE_NO_IMAGE", `cannot find image ${reference}`, {
      details: { image: reference },
    });
  };
  const port: ImagesPort = {
    list: async () => [...images.values()],
    get: async (reference) => find(reference)[1],
    history: async (reference) => [
      {
        id: find(reference)[1].id,
        createdBy: "CMD sh",
        tags: find(reference)[1].tags,
        sizeBytes: 0,
        comment: "",
      },
      {
        createdAt: "2026-01-01T00:00:00Z",
        createdBy: "ADD rootfs.tar /",
        tags: [],
        sizeBytes: 4_000_000,
        comment: "first",
      },
    ],
    async tag(source, target) {
      images.set(target, { ...find(source)[1], tags: [target] });
    },
    async remove(reference) {
      const [name, image] = find(reference);
      images.delete(name);
      return [{ untagged: name }, { deleted: image.id }];
    },
    async *pull(request) {
      pulls.push(request);
      const short = request.reference.replace(/^docker\.io\/(library\/)?/, "");
      const name = short.includes(":") ? short : `${short}:latest`;
      const [repository = "", tag = ""] = name.split(":");
      if (repository === "unreachable") {
        throw new TugError("unavailable", "FAKE_REGISTRY", "cannot reach registry: connection refused", {
          hint: "use tug load",
        });
      }
      yield { kind: "resolving", repository: `library/${repository}`, tag };
      const layer = `sha256:${"ab".repeat(32)}`;
      yield { kind: "layer", layer, phase: "queued" };
      yield { kind: "layer", layer, phase: "downloading", done: 512, total: 2048 };
      if (!remote.includes(name)) {
        throw new TugError("dataLoss", "FAKE_DIGEST", `cannot pull ${name}: digest of layer is wrong`);
      }
      yield { kind: "layer", layer, phase: "complete" };
      images.set(name, fakeImage(name));
      yield { kind: "pulled", reference: name, digest: `sha256:${"cd".repeat(32)}`, updated: true };
    },
    async *push(request) {
      pushes.push(request);
      const { name, suffix } = dockerApi.splitReference(request.reference);
      const tags = request.allTags
        ? [...images.keys()]
            .filter((each) => each.startsWith(`${name}:`))
            .map((each) => each.slice(name.length + 1))
        : [suffix.slice(1) || "latest"];
      if (!request.allTags) find(request.reference);
      yield { kind: "pushing", repository: `docker.io/library/${name}` };
      const layer = `sha256:${"ab".repeat(32)}`;
      yield { kind: "layer", layer, phase: "preparing" };
      yield { kind: "layer", layer, phase: "pushing", done: 512, total: 2048 };
      if (name === "broken") throw new TugError("forbidden", "FAKE_DENIED", `cannot push ${name}: denied`);
      yield { kind: "layer", layer, phase: "mounted", from: "library/other" };
      const digest = `sha256:${"cd".repeat(32)}`;
      for (const tag of tags) yield { kind: "pushed", tag, digest, sizeBytes: 528 };
    },
    async logIn(auth) {
      if (auth.password === "secret" || auth.identitytoken === "token") {
        return { identityToken: auth.serveraddress?.startsWith("token.") ? "token" : undefined };
      }
      throw new TugError(
        "unauthorized",
        "FAKE_AUTH",
        `cannot log in to ${auth.serveraddress}: wrong password`,
      );
    },
    async *serveRegistry(request) {
      registries.push(request);
      yield { kind: "listening", url: `http://${request.listen}`, name: request.name ?? request.listen };
      const common = { time: 0, remote: "127.0.0.1", method: "GET", bytes: 2, milliseconds: 1.4 };
      yield { kind: "request", ...common, user: "me", path: "/v2/", status: 200, reason: undefined };
      yield {
        kind: "request",
        ...common,
        user: undefined,
        path: "/v2/\u001b[2J",
        status: 404,
        reason: "there is nothing",
      };
    },
    async *check({ repair }) {
      yield { kind: "reading", current: 1, total: 2 };
      yield { kind: "reading", current: 2, total: 2 };
      const found = problems.map((problem) => ({
        ...problem,
        repaired: repair && problem.hint === undefined,
      }));
      yield {
        kind: "checked",
        report: {
          problems: found,
          blobs: 3,
          bytes: 4_261_000,
          archives: { count: 0, bytes: 0 },
          images: images.size,
          snapshots: 2,
          leftovers: { count: 1, bytes: 1000, removed: repair },
        },
      };
    },
    async prune({ all, fits }) {
      const gone = [...images].filter(([, image]) => all && fits(image));
      for (const [name] of gone) images.delete(name);
      const removed = gone.flatMap(([name, { id }]) => [{ untagged: name }, { deleted: id }]);
      return { removed, freedBytes: 4_261_000 * gone.length };
    },
    async import({ source, ...rest }) {
      let text = "";
      if (typeof source === "string") text = source;
      else for await (const chunk of source) text += Buffer.from(chunk).toString();
      if (text === "")
        throw new TugError("invalid", "FAKE_ARCHIVE", "cannot import the archive: it is empty");
      imports.push({ source: text, ...rest });
      return `sha256:${"12".repeat(32)}`;
    },
    async keepers() {
      const none = { id: undefined, names: [], containers: [], blobBytes: 0, layerBytes: 0, aloneBytes: 0 };
      return [
        {
          ...{
            kind: "image",
            id: `sha256:${"ab".repeat(32)}`,
            names: ["busybox:latest"],
            containers: ["web"],
          },
          ...{ blobBytes: 2_000_000, layerBytes: 4_000_000, aloneBytes: 6_000_000 },
          place: { lastUsed: Date.parse("2026-01-01T00:00:00Z"), turn: undefined, stays: "it is in use" },
        },
        {
          ...none,
          kind: "image",
          id: `sha256:${"cd".repeat(32)}`,
          blobBytes: 3000,
          place: { lastUsed: Date.parse("2026-01-02T00:00:00Z"), turn: 1, stays: undefined },
        },
        {
          ...none,
          kind: "repository",
          names: ["localhost:5000/signature"],
          blobBytes: 2000,
          aloneBytes: 2000,
        },
        { ...none, kind: "use", blobBytes: 1000, aloneBytes: 1000 },
        { ...none, kind: "nothing", blobBytes: 500, aloneBytes: 500 },
      ];
    },
    async squash({ image, name = "" }) {
      find(image);
      if (name !== "") images.set(name, fakeImage(name));
      return `sha256:${"34".repeat(32)}`;
    },
    async commit({ container, name = "" }) {
      const tagged = /:[^/]+$/.test(name) ? name : `${name}:latest`;
      images.set(tagged, fakeImage(tagged));
      return `sha256:${Buffer.from(container).toString("hex").padEnd(64, "0")}`;
    },
    remote: createFakeRemote(remoteCalls),
    tree: async (reference) => fakeTree(find(reference)[1].id),
    async compare(before, after) {
      for (const each of [before, after]) find(each);
      return [
        { path: "/etc/added", kind: "added" },
        { path: "/etc/changed", kind: "changed" },
        { path: "/gone", kind: "deleted" },
      ];
    },
    async *load(archive, { platform }) {
      if (platform !== undefined) platforms.push(`load ${dockerApi.formatPlatform(platform)}`);
      const chunks: Uint8Array[] = [];
      for await (const chunk of archive) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      if (text === "") throw new TugError("invalid", "FAKE_ARCHIVE", "cannot load archive: it is empty");
      loads.push(text);
      yield { kind: "loaded", reference: "loaded:latest" };
    },
    async save(references, { platform }) {
      if (platform !== undefined) platforms.push(`save ${dockerApi.formatPlatform(platform)}`);
      for (const reference of references) find(reference);
      return (async function* () {
        yield Buffer.from(`images ${references.join(",")}`);
      })();
    },
  };
  return {
    port,
    problems,
    pulls,
    pushes,
    loads,
    platforms,
    remoteCalls,
    registries,
    imports,
    has: (reference) => images.has(reference) || images.has(`${reference}:latest`),
  };
}

/** An index with two images, of which the second is not here. */
function fakeTree(config: string): TreeOfImage {
  const blob = { mediaType: "application/x", size: 1500, isHere: true, children: [] };
  const layer = { ...blob, kind: "layer" as const, digest: `sha256:${"ef".repeat(32)}`, isUnpacked: true };
  const image = {
    ...blob,
    kind: "image" as const,
    digest: `sha256:${"01".repeat(32)}`,
    platform: { os: "linux", architecture: "amd64" },
    children: [{ ...blob, kind: "config" as const, digest: config }, layer],
  };
  const other = { ...image, platform: { os: "linux", architecture: "arm64" }, isHere: false, children: [] };
  const statement = {
    ...other,
    platform: undefined,
    kind: "artifact" as const,
    about: "attestation-manifest",
  };
  const children = [image, other, statement];
  return { ...blob, kind: "index", digest: `sha256:${"02".repeat(32)}`, children };
}

function fakeImage(name: string): Image {
  return {
    id: `sha256:${Buffer.from(name.padEnd(32, ".").slice(0, 32)).toString("hex")}`,
    tags: [name],
    digests: [],
    createdAt: "2026-01-01T00:00:00Z",
    sizeBytes: 4_261_000,
    containers: -1,
    os: "linux",
    architecture: "amd64",
    config: { Cmd: ["sh"], Labels: { stage: "test" } },
    diffIds: [`sha256:${"ef".repeat(32)}`],
  };
}
