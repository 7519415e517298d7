import type { Helper } from "../helper/index.ts";
import type { Op } from "../plan/index.ts";

/** Executes ops that need no process of a container, and returns the answers by their tag. */
export async function executeHost(
  helper: Pick<Helper, "execute">,
  ops: readonly Op[],
): Promise<ReadonlyMap<number, Buffer>> {
  if (ops.length === 0) return new Map();
  const { data } = await helper.execute({ host: ops, stage: [], init: [] });
  return data;
}
