import type { dockerApi } from "../../specs/index.ts";
import { readCsv } from "./csv.ts";
import { badValue } from "./words.ts";

/** What a create body asks devices with. */
type DeviceRequest = NonNullable<dockerApi.HostConfig["DeviceRequests"]>[number];

/**
 * `all`, a number, or fields such as `"device=0,GPU-1"`, `count=2`, `driver=nvidia`, `capabilities=utility`.
 * Source: https://docs.docker.com/reference/cli/docker/container/run/#gpus
 *
 * @throws CLI_VALUE
 */
export function readGpus(text: string): DeviceRequest {
  const fields = new Map<string, string>();
  for (const field of readCsv(text)) {
    const equals = field.indexOf("=");
    const key = equals < 0 ? "count" : field.slice(0, equals);
    if (!["count", "device", "driver", "capabilities"].includes(key)) throw badValue(`unexpected key ${key}`);
    if (fields.has(key)) throw badValue(`${key} can be specified only once`);
    fields.set(key, field.slice(equals + 1));
  }
  const driver = fields.get("driver");
  const devices = fields.get("device");
  const count = fields.get("count") ?? (devices === undefined ? "1" : undefined);
  return {
    ...(driver !== undefined && { Driver: driver }),
    ...(count !== undefined && { Count: readCount(count) }),
    ...(devices !== undefined && { DeviceIDs: devices.split(",") }),
    Capabilities: [[...(fields.get("capabilities")?.split(",") ?? []), "gpu"]],
  };
}

function readCount(text: string): number {
  if (text === "all") return -1;
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw badValue(`invalid count (${text}): value must be either "all" or an integer`);
}
