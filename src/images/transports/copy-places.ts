import type { GoodSignature } from "../../signatures/index.ts";
import type { Platform } from "../../specs/index.ts";
import type { Limiter } from "../limiter.ts";
import { type AdmissionOptions, keepSignatures } from "../policy/admit.ts";
import { admitName, admitPull } from "../policy/admit-pull.ts";
import type { OnPushProgress } from "../push/push-progress.ts";
import { copySignatures } from "../signatures/copy-signatures.ts";
import { openShelf, type SignatureOptions } from "../signatures/signature-shelf.ts";
import { type Copied, type CopyRequest, chooseRoot, copyImage } from "./copy-image.ts";
import type { ImageReader } from "./open-image.ts";
import { type Access, openReader, openWriter, registryAccess } from "./open-place.ts";
import type { Place } from "./place.ts";

export type CopyPlacesOptions = SignatureOptions & AdmissionOptions & { uploads: Limiter };

export type CopyPlacesRequest = {
  platform?: Platform | undefined;
  /** All of an index. */
  all?: boolean | undefined;
  /** Also the signatures that lie beside it. */
  signatures?: boolean | undefined;
  source?: Access | undefined;
  target?: Access | undefined;
  onProgress?: OnPushProgress | undefined;
  signal?: AbortSignal | undefined;
};

/**
 * Copies an image as it is from one place to another; see `copyImage`.
 * @param request `name` of the source for errors
 * @throws IMAGE_PLACE where its signatures have no place, IMAGE_POLICY_REFUSED for what may not come into the store
 */
export async function copyPlaces(
  options: CopyPlacesOptions,
  [from, to]: readonly [from: Place, to: Place],
  request: CopyPlacesRequest & { name: string },
): Promise<Copied> {
  const { name, platform, all, onProgress, signal } = request;
  const reading = { ...request.source, verb: "copy", signal };
  const writing = { ...request.target, verb: "copy", signal };
  const shelves = request.signatures && {
    from: openShelf(options, from, reading),
    to: openShelf(options, to, { ...writing, adds: true }),
  };
  const copyTo = async (place: Place, copy: Omit<CopyRequest, "target" | "name" | "signal">) => {
    await using target = await openWriter(options, place, writing);
    return await copyImage(options, { target, name, signal, ...copy });
  };
  await using opened = await openReader(options, from, reading);
  const { source, signatures } = await admit(options, opened, { ...request, places: [from, to] });
  const copied = await copyTo(to, { source, platform, all, onProgress });
  keepSignatures(options.signatures, signatures);
  if (shelves) {
    const copyBeside = async (from: Place, to: Place) => {
      await using source = await openReader(options, from, reading);
      return await copyTo(to, { source });
    };
    await copySignatures({ ...shelves, source, copied: copied.digest, copyImage: copyBeside, signal });
  }
  return copied;
}

type Admission = Pick<CopyPlacesRequest, "platform" | "all" | "signal" | "source"> & {
  name: string;
  places: readonly [Place, Place];
};

/**
 * What may be copied: a copy from a registry into the store is a pull, of which the policy is asked. What is judged is
 * what will be there, an index only if all of it comes. The tag then stands for that, whatever happens in the registry.
 * With the signatures that it was let in by.
 */
async function admit(
  options: CopyPlacesOptions,
  opened: ImageReader,
  { places: [from, to], source, ...request }: Admission,
): Promise<{ source: ImageReader; signatures: readonly GoodSignature[] }> {
  if (from.transport !== "docker" || to.transport !== "store") return { source: opened, signatures: [] };
  const { reference } = from;
  const { name, platform, signal } = request;
  await admitName(options, { reference, name });
  const target = await chooseRoot({ ...request, source: opened });
  const repository = options.registry.repository(reference, registryAccess({ ...source, verb: "copy" }));
  const document = () => opened.document(target, signal);
  const pull = { reference, name, target, document, repository, platform, signal };
  return { source: { ...opened, root: async () => target }, signatures: await admitPull(options, pull) };
}
