import { TugError } from "../../../base/index.ts";
import type * as dockerApi from "../../../specs/docker-api/index.ts";
import type { ApiResponse } from "./api-response.ts";
import { type CallOptions, pathOf, type Waiting } from "./container-calls.ts";
import type { Transport } from "./transport.ts";

export type Wait = {
  readonly container: string;
  readonly condition: dockerApi.WaitCondition;
  readonly options: CallOptions;
};

/** Has a waiter registered. One that is lost with its engine is registered again with the next one. */
export async function waitFor(transport: Transport, wait: Wait): Promise<Waiting> {
  const ended = followEnd(transport, wait, await register(transport, wait));
  // Who asks later must not find that nobody has handled the failure.
  ended.catch(() => {});
  return { ended };
}

async function register(transport: Transport, { container, condition, options }: Wait): Promise<ApiResponse> {
  const path = `${pathOf(container)}/wait`;
  const { signal } = options;
  return await transport.send({ method: "POST", path, query: { condition }, repeatable: true, signal });
}

async function followEnd(
  transport: Transport,
  wait: Wait,
  response: ApiResponse,
): Promise<dockerApi.WaitResponse> {
  try {
    return JSON.parse(await response.text()) as dockerApi.WaitResponse;
  } catch (error) {
    if (!(error instanceof TugError && error.code === "CLIENT_BROKEN")) throw error;
    const condition = await conditionAfterLoss(transport, wait);
    return followEnd(transport, wait, await register(transport, { ...wait, condition }));
  }
}

/** The next end of a container that has begun may have come meanwhile: it is then the last one. */
async function conditionAfterLoss(
  transport: Transport,
  { container, condition, options }: Wait,
): Promise<dockerApi.WaitCondition> {
  if (condition !== "next-exit") return condition;
  const path = `${pathOf(container)}/json`;
  const request = { method: "GET", path, signal: options.signal } as const;
  const { State } = await transport.sendForJson<dockerApi.ContainerInspect>(request);
  return State.Status === "created" ? "next-exit" : "not-running";
}
