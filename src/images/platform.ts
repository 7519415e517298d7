import { annotations, type Descriptor, type Index, type Platform } from "../specs/index.ts";
import { imageError } from "./errors.ts";

const machines: Readonly<Record<string, Platform>> = {
  x64: { os: "linux", architecture: "amd64" },
  arm64: { os: "linux", architecture: "arm64" },
  arm: { os: "linux", architecture: "arm", variant: "v7" },
  ia32: { os: "linux", architecture: "386" },
};

/** The platform of this machine, from Node's name for its processor. */
export function hostPlatform(machine: string = process.arch): Platform {
  return machines[machine] ?? { os: "linux", architecture: machine };
}

/**
 * Reads `os/architecture[/variant]`, or one of the two alone, the other being this machine's.
 * @throws IMAGE_PLATFORM_SYNTAX
 */
export function parsePlatform(text: string, host: Platform = hostPlatform()): Platform {
  const parts = text.split("/");
  if (parts.length > 3 || parts.some((part) => !/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(part))) {
    throw imageError("PLATFORM_SYNTAX", `cannot use platform ${JSON.stringify(text)}: it has not that form`, {
      hint: "write it as os/architecture[/variant], such as linux/arm64",
    });
  }
  const [first = "", second, variant] = parts;
  if (second !== undefined) {
    return normalizePlatform({ os: first, architecture: second, ...(variant !== undefined && { variant }) });
  }
  const isSystem = ["linux", "windows", "darwin", "freebsd", "macos"].includes(first.toLowerCase());
  return normalizePlatform(isSystem ? { ...host, os: first } : { os: host.os, architecture: first });
}

/** `os/architecture[/variant]`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant === undefined || variant === ""
    ? `${os}/${architecture}`
    : `${os}/${architecture}/${variant}`;
}

/**
 * The usual spelling of a platform: `x86_64` is `amd64`, the variant that an architecture implies is left out.
 * Source: https://github.com/containerd/platforms/blob/v1.0.0-rc.4/database.go
 */
export function normalizePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase() === "macos" ? "darwin" : platform.os.toLowerCase();
  const [architecture, variant] = normalizeArchitecture(
    platform.architecture.toLowerCase(),
    (platform.variant ?? "").toLowerCase(),
  );
  return variant === "" ? { os, architecture } : { os, architecture, variant };
}

function normalizeArchitecture(architecture: string, variant: string): [string, string] {
  switch (architecture) {
    case "i386":
      return ["386", ""];
    case "x86_64":
    case "x86-64":
    case "amd64":
      return ["amd64", variant === "v1" ? "" : variant];
    case "aarch64":
    case "arm64":
      if (["8", "v8", "v8.0"].includes(variant)) return ["arm64", ""];
      return ["arm64", ["9", "9.0", "v9.0"].includes(variant) ? "v9" : variant];
    case "armhf":
      return ["arm", "v7"];
    case "armel":
      return ["arm", "v6"];
    case "arm":
      if (variant === "" || variant === "7") return ["arm", "v7"];
      return ["arm", /^[568]$/.test(variant) ? `v${variant}` : variant];
    default:
      return [architecture, variant];
  }
}

/**
 * What runs on a platform, the best first: itself, older variants of its architecture, then its 32-bit mode.
 * Source: https://github.com/containerd/platforms/blob/v1.0.0-rc.4/compare.go, platformVector
 */
export function runnablePlatforms(platform: Platform): Platform[] {
  const { os, architecture, variant = "" } = normalizePlatform(platform);
  const make = (name: string, variants: string[]) =>
    variants.map((each) => normalizePlatform({ os, architecture: name, variant: each }));
  switch (architecture) {
    case "amd64":
      return [...make("amd64", olderVersions(variant || "v1", 1)), ...make("386", [""])];
    case "arm":
      return make("arm", olderVersions(variant, 5));
    case "arm64":
      return [...make("arm64", olderArm64(variant || "v8")), ...make("arm", olderVersions("v8", 5))];
    default:
      return make(architecture, [variant]);
  }
}

/** `v3` down to `v1` for a least version of 1; a variant that is no version stands alone. */
function olderVersions(variant: string, least: number): string[] {
  const version = /^v(\d)$/.exec(variant)?.[1];
  if (version === undefined) return [variant];
  const count = Math.max(Number(version) - least + 1, 1);
  return Array.from({ length: count }, (_, index) => `v${Number(version) - index}`);
}

/** Arm v9.x has all of v8.(x+5). */
function olderArm64(variant: string): string[] {
  const match = /^v([89])(?:\.(\d))?$/.exec(variant);
  if (match === null) return [variant];
  const minor = Number(match[2] ?? 0);
  const down = (major: string, from: number) =>
    Array.from({ length: from + 1 }, (_, index) => `v${major}${index === from ? "" : `.${from - index}`}`);
  return match[1] === "9" ? [...down("9", minor), ...down("8", Math.min(minor + 5, 9))] : down("8", minor);
}

/**
 * The manifest of an index to use on a platform: the best match, the first among equals; where nothing matches, an
 * image that does not say what it is for. Attestations are no images.
 *
 * @param name name of the image for the error
 * @param orElse take the first image for Linux where nothing matches
 * @throws IMAGE_PLATFORM
 */
export function chooseManifest(
  index: Index,
  platform: Platform,
  name: string,
  { orElse = false }: { orElse?: boolean } = {},
): Descriptor {
  const images = index.manifests.filter(
    (each) => each.annotations?.[annotations.referenceType] === undefined && each.platform?.os !== "unknown",
  );
  for (const wanted of runnablePlatforms(platform)) {
    const found = images.find(
      (each) =>
        each.platform !== undefined &&
        formatPlatform(normalizePlatform(each.platform)) === formatPlatform(wanted),
    );
    if (found !== undefined) return found;
  }
  const unspecified = images.find(
    (each) => each.platform === undefined || (orElse && each.platform.os === "linux"),
  );
  if (unspecified !== undefined) return unspecified;
  const available = images.flatMap((each) =>
    each.platform === undefined ? [] : formatPlatform(each.platform),
  );
  throw noPlatform(name, platform, available);
}

/** Whether an image that was built for one platform runs on another. */
export function runsOn(image: Platform, platform: Platform): boolean {
  const own = formatPlatform(normalizePlatform(image));
  return runnablePlatforms(platform).some((each) => formatPlatform(each) === own);
}

/** The error for an image that has nothing for a platform. */
export function noPlatform(name: string, platform: Platform, available: readonly string[]) {
  const wanted = formatPlatform(platform);
  return imageError("PLATFORM", `cannot use ${name}: it has no image for ${wanted}`, {
    hint: available.length === 0 ? "choose another image" : `it has images for ${available.join(", ")}`,
    details: { reference: name, platform: wanted, available: [...available] },
  });
}
