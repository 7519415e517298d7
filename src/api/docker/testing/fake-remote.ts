import { TugError } from "../../../base/index.ts";
import type { ImageSignature, RemoteImagesPort } from "../routes/images/port.ts";

/** What was asked about images in other places: the call, the place or the request, and how it is spoken to. */
export type FakeRemoteCall = readonly [call: string, what: unknown, how?: unknown];

/** What the index of the image lists. */
export const PLATFORMS = [
  { platform: { architecture: "amd64", os: "linux" } },
  { platform: { architecture: "arm64", os: "linux", variant: "v8" } },
] as const;

/** Places in memory, all of which have the same image under the digest of `cd`. One that holds "missing" has none. */
export function createFakeRemote(calls: FakeRemoteCall[]): RemoteImagesPort {
  const digest = `sha256:${"cd".repeat(32)}`;
  const signatures = new Map<string, ImageSignature[]>();
  const namesOf = (place: string): string[] =>
    place.startsWith("oci:") ? [] : [place.replace("docker://", "")];
  const find = (place: string): void => {
    if (!place.includes("missing")) return;
    throw new TugError("notFound", "FAKE_NO_IMAGE", `cannot inspect ${place}: it is not there`);
  };
  return {
    async *copy(request) {
      calls.push(["copy", request]);
      find(request.source);
      const layer = `sha256:${"ab".repeat(32)}`;
      yield { kind: "layer", layer, phase: "waiting" };
      yield { kind: "layer", layer, phase: "pushed" };
      yield { kind: "copied", digest, sizeBytes: 528, changed: !request.target.includes("same") };
    },
    async look(place, options) {
      calls.push(["look", place, options]);
      find(place);
      const config = {
        created: "2026-01-01T00:00:00Z",
        architecture: "amd64",
        os: "linux",
        config: { Env: ["A=1"] },
      };
      const layers = [{ mediaType: "application/x", digest: `sha256:${"ab".repeat(32)}`, size: 7 }];
      const bytes = (value: object) => Buffer.from(JSON.stringify(value));
      return {
        root: { digest, mediaType: "application/vnd.oci.image.index.v1+json" },
        raw: bytes({ manifests: PLATFORMS }),
        manifest: bytes({ layers }),
        config: bytes(config),
      };
    },
    async digest(place, access) {
      calls.push(["digest", place, access]);
      find(place);
      return digest;
    },
    async tags(place, access) {
      calls.push(["tags", place, access]);
      find(place);
      return ["1.0", "1.1", "2.0", "latest"];
    },
    async signatures(place, access) {
      calls.push(["signatures", place, access]);
      find(place);
      return { digest, names: namesOf(place), signatures: signatures.get(place) ?? [] };
    },
    async sign(place, { signature, access }) {
      calls.push(["sign", place, access]);
      find(place);
      signatures.set(place, [...(signatures.get(place) ?? []), signature]);
    },
    async search(request) {
      calls.push(["search", request]);
      find(request.term);
      const hit = { description: "", stars: 0, isOfficial: false, isAutomated: false };
      return [
        { ...hit, name: "box", description: "A small system\nin one program", stars: 12, isOfficial: true },
        { ...hit, name: "team/box", stars: 3 },
        { ...hit, name: "built/box", description: "\u001b[2Jgone\u009b", isAutomated: true },
      ];
    },
    async delete(place, access) {
      calls.push(["delete", place, access]);
      find(place);
      return digest;
    },
  };
}
