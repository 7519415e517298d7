import type { dockerApi } from "../../specs/index.ts";
import { readSize } from "./numbers.ts";
import { badValue } from "./words.ts";

/** A device of the host, or the name of a CDI device such as `vendor.com/gpu=0`. */
export type DeviceValue = { readonly cdi: string } | { readonly mapping: dockerApi.DeviceMapping };

/**
 * `HOST[:CONTAINER][:PERMISSIONS]`, permissions being some of r, w and m.
 * Source: https://docs.docker.com/reference/cli/docker/container/run/#device
 *
 * @throws CLI_VALUE
 */
export function readDevice(text: string): DeviceValue {
  if (/^[a-z][\w.-]*\/[\w.-]+=[\w.:-]+$/i.test(text)) return { cdi: text };
  const parts = text.split(":");
  if (parts.length > 3 || parts.includes("")) throw badValue("it must look like /dev/fuse[:/dev/fuse][:rwm]");
  const [host = "", second, third] = parts;
  const isMode = (part: string | undefined) => part !== undefined && /^(?!.*(.).*\1)[rwm]{1,3}$/.test(part);
  const permissions = third ?? (isMode(second) ? second : undefined) ?? "rwm";
  if (!isMode(permissions)) throw badValue(`bad mode specified: ${permissions}`);
  const container = second === undefined || (third === undefined && isMode(second)) ? host : second;
  for (const path of [host, container]) {
    if (!path.startsWith("/")) throw badValue(`${path} is not an absolute path`);
  }
  return { mapping: { PathOnHost: host, PathInContainer: container, CgroupPermissions: permissions } };
}

/** `c 1:3 rwm`. Source: https://docs.kernel.org/admin-guide/cgroup-v1/devices.html. @throws CLI_VALUE */
export function readDeviceRule(text: string): string {
  if (/^[abc] (\d+|\*):(\d+|\*) [rwm]{1,3}$/.test(text)) return text;
  throw badValue('it does not look like "c 1:3 rwm"');
}

/** `/dev/sda:1mb`, bytes a second. @throws CLI_VALUE */
export function readByteRate(text: string): { Path: string; Rate: number } {
  return readRate(text, readSize);
}

/** `/dev/sda:1000`, operations a second. @throws CLI_VALUE */
export function readOperationRate(text: string): { Path: string; Rate: number } {
  return readRate(text, (rate) => (/^\d{1,15}$/.test(rate) ? Number(rate) : Number.NaN));
}

/** `/dev/sda:500`, between 10 and 1000. @throws CLI_VALUE */
export function readDeviceWeight(text: string): { Path: string; Weight: number } {
  const { Path, Rate } = readOperationRate(text);
  if (Rate !== 0 && (Rate < 10 || Rate > 1000))
    throw badValue("the weight must be between 10 and 1000, or 0");
  return { Path, Weight: Rate };
}

function readRate(text: string, read: (rate: string) => number): { Path: string; Rate: number } {
  const [, Path, rate] = /^(\/dev\/[^:]+):(.+)$/.exec(text) ?? [];
  const Rate = rate === undefined ? Number.NaN : read(rate);
  if (Path === undefined || Number.isNaN(Rate)) throw badValue("it must look like /dev/sda:1000");
  return { Path, Rate };
}
