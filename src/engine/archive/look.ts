import type { Op } from "../../plan/index.ts";
import { planInRoot, type RootView } from "../../runtime/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import type { EngineContext } from "../context.ts";
import type { PathDescription } from "../model/path-description.ts";
import { describeFile, parseFileFacts } from "./describe.ts";
import { pathFailure } from "./failure.ts";

const TAG = 1;

/**
 * What is at a path in a container. The path is resolved by the helper, inside the container's root; a link at its end is
 * described itself.
 *
 * @throws ENGINE_PATH_NOT_FOUND
 */
export async function describePath(
  { helper }: EngineContext,
  { record, view, path }: { record: ContainerRecord; view: RootView; path: string },
): Promise<PathDescription> {
  const plan = planInRoot(view, () => ({
    work: (root): Op[] => [{ op: "statInRoot", from: "path", root, path, tag: TAG }],
  }));
  try {
    const { data } = await helper.execute(plan);
    return describeFile(path, parseFileFacts(data.get(TAG) ?? Buffer.alloc(0)));
  } catch (error) {
    throw pathFailure(error, record, path);
  }
}
