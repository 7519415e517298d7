import { engineError } from "../errors.ts";

/**
 * The directory of the host that a volume stands for, by Docker's options of its `local` driver: `type=none`, `o=bind`,
 * `device=/path`. Undefined: the volume has a directory of its own.
 *
 * Source: https://docs.docker.com/engine/storage/volumes/#create-a-volume-using-a-volume-driver
 *
 * @throws ENGINE_UNSUPPORTED for what would have to be mounted first, ENGINE_MOUNT for a device that is no path
 */
export function boundDirectory(name: string, options: Readonly<Record<string, string>>): string | undefined {
  if (Object.keys(options).length === 0) return undefined;
  const { type = "none", o = "", device, ...others } = options;
  const flags = o.split(",");
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined || !["none", "bind", ""].includes(type) || !flags.some(isBind)) {
    const what = unknown === undefined ? `type=${type}, o=${o}` : unknown;
    throw engineError("UNSUPPORTED", `cannot make volume ${name}: the options ${what} are not there`, {
      hint: "a volume is a directory of its own, or with type=none, o=bind, device=/path that of the host",
    });
  }
  if (device?.startsWith("/")) return device;
  throw engineError(
    "MOUNT",
    `cannot make volume ${name}: device ${JSON.stringify(device ?? "")} is no absolute path`,
  );
}

function isBind(flag: string): boolean {
  return flag === "bind" || flag === "rbind";
}
