import type { RegistryServer, ServedRequest } from "../../images/index.ts";
import type { RegistryEvent, ServeRegistryRequest } from "../model/image-view.ts";
import { eventsOf } from "./progress-events.ts";
import type { ImageServiceParts } from "./service.ts";

/**
 * Serves a registry until the signal, and tells of each request. A reader who is slow misses some; the registry does not
 * wait for readers.
 */
export async function* serveRegistry(
  { images }: Pick<ImageServiceParts, "images">,
  request: ServeRegistryRequest,
  signal: AbortSignal,
): AsyncGenerator<RegistryEvent> {
  yield* eventsOf<RegistryEvent, void>(async (tell) => {
    const onServed = (served: ServedRequest) => tell({ kind: "request", ...served });
    await using server: RegistryServer = await images.serveRegistry(request, onServed);
    tell({ kind: "listening", url: server.url, name: server.name });
    await Promise.race([aborted(signal), server.closed]);
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
