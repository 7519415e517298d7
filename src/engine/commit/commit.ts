import { exportLayer, formatReference, type Images, parseTag } from "../../images/index.ts";
import type { ExecutionConfig } from "../../specs/oci-image/index.ts";
import { isMountPoint } from "../changes/container-changes.ts";
import { whileFrozen } from "../containers/freeze.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { isRunning } from "../containers/stop.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import { applyChanges } from "../images/changes.ts";
import { references } from "../images/view.ts";
import type { CommitRequest } from "../model/image-view.ts";
import { commandLine } from "../spec/process.ts";
import { helperTrees } from "../trees.ts";
import { committedConfig } from "./config.ts";

/**
 * Makes an image of a container: that of the container, and what it has written as one more layer, without what is
 * mounted in it.
 *
 * @returns the id of the image
 * @throws ENGINE_UNSUPPORTED for a view of the host's files, ENGINE_REQUEST for a change, IMAGE_REFERENCE for the name
 */
export async function commitContainer(
  context: EngineContext,
  record: ContainerRecord,
  {
    images,
    request,
    signal,
  }: { images: Pick<Images, "commit">; request: CommitRequest; signal: AbortSignal },
): Promise<string> {
  const { events, helper } = context;
  const { source } = await context.images.root(record.id);
  if (source.kind !== "overlay" || source.upper === undefined) {
    const what = `cannot make an image of container ${record.name}`;
    throw engineError("UNSUPPORTED", `${what}: what it writes is kept in memory`, {
      hint: "take files out of it with: tug cp",
    });
  }
  const name = request.name && formatReference(parseTag(request.name, references));
  const config = (base: ExecutionConfig): ExecutionConfig =>
    applyChanges(request.changes, { ...committedConfig(base, record), ...request.config });
  // A change that is not understood is refused before anything is frozen.
  config({});
  const records = helperTrees(helper).pack(source.upper, {}, signal);
  const layer = exportLayer(records, (node) => !isMountPoint(node));
  const { author, comment } = request;
  const createdBy = commandLine(record.request, record.image.defaults).join(" ");
  const work = () =>
    images.commit(layer, { base: record.image.id, name, config, author, comment, createdBy, signal });
  const image = request.pause && isRunning(record) ? await whileFrozen(context, record, work) : await work();
  const attributes = { name: name ?? image.id, container: record.id };
  events.publish({ type: "image", action: "create", id: image.id, attributes });
  events.publish({ type: "container", action: "commit", id: record.id, attributes: { imageID: image.id } });
  return image.id;
}
