import { dockerApiError } from "./errors.ts";
import { type Propagation, propagations } from "./mount.ts";

/** What `-v` and HostConfig.Binds say: `[SOURCE:]TARGET[:OPTION,...]`. */
export type VolumeSpec = {
  /** Absolute host path, or name of a volume; undefined asks for an anonymous volume. */
  readonly source: string | undefined;
  readonly kind: "bind" | "volume";
  readonly target: string;
  readonly readOnly: boolean;
  readonly noCopy: boolean;
  readonly propagation: Propagation | undefined;
  /** SELinux relabelling: shared (`z`) or private (`Z`). */
  readonly relabel: "z" | "Z" | undefined;
};

const ignored = new Set(["consistent", "cached", "delegated", ""]);

/**
 * Reads a volume specification. A source that begins with `/`, `.` or `~` is a path, anything else a volume's name.
 * Source: https://docs.docker.com/engine/storage/bind-mounts/#options-for---volume
 *
 * @throws DOCKER_API_VALUE naming the specification and what is wrong with it
 */
export function parseVolumeSpec(spec: string): VolumeSpec {
  const parts = spec.split(":");
  if (parts.length > 3) throw malformed(spec, "it has more than three parts");
  if (parts.includes("")) throw malformed(spec, "a part between colons is empty");
  const [source, target, options] = parts.length === 1 ? [undefined, parts[0], ""] : parts;
  if (target === undefined || !target.startsWith("/")) {
    throw malformed(spec, `the path in the container must be absolute, not "${target ?? ""}"`);
  }
  if (target.replace(/\/+$/, "") === "") throw malformed(spec, "the path in the container must not be /");
  const kind = source !== undefined && /^[/.~]/.test(source) ? "bind" : "volume";
  return { source, kind, target, ...readOptions(spec, options ?? "") };
}

function readOptions(spec: string, text: string) {
  const found = {
    readOnly: false,
    noCopy: false,
    propagation: undefined as Propagation | undefined,
    relabel: undefined as "z" | "Z" | undefined,
  };
  for (const option of text.split(",")) {
    if (option === "ro") found.readOnly = true;
    else if (option === "rw") found.readOnly = false;
    else if (option === "nocopy") found.noCopy = true;
    else if (option === "z" || option === "Z") found.relabel = option;
    else if (isPropagation(option)) found.propagation = option;
    else if (!ignored.has(option)) throw malformed(spec, `unknown option "${option}"`);
  }
  return found;
}

function isPropagation(option: string): option is Propagation {
  return (propagations as readonly string[]).includes(option);
}

function malformed(spec: string, reason: string) {
  return dockerApiError("VALUE", `invalid volume specification "${spec}": ${reason}`, {
    hint: "the form is [SOURCE:]TARGET[:OPTIONS], for example -v /srv/data:/data:ro",
  });
}
