import type * as dockerApi from "../../../specs/docker-api/index.ts";
import { errorOfProgress } from "./answer-error.ts";
import { readJsonLines } from "./json-lines.ts";
import type { ApiRequest, Transport } from "./transport.ts";

/** The messages of an answer that tells progress; throws the failure that one of them reports. */
export async function* readProgress(
  transport: Transport,
  request: ApiRequest,
): AsyncGenerator<dockerApi.ProgressMessage> {
  const response = await transport.send(request);
  for await (const line of readJsonLines<dockerApi.ProgressMessage>(response.bytes)) {
    const failure = errorOfProgress(line);
    if (failure !== undefined) throw failure;
    yield line;
  }
}
