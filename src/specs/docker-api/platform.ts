import { dockerApiError } from "./errors.ts";

/** What an image was built for. Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md */
export type Platform = {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
};

/** Names that kernels and compilers use, by name in images. */
const aliases: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  "x86-64": "amd64",
  aarch64: "arm64",
  i386: "386",
  armhf: "arm",
};

const architectures = new Set(["386", "amd64", "arm", "arm64", "loong64", "ppc64le", "riscv64", "s390x"]);

/**
 * Reads `OS/ARCH[/VARIANT]`, or `ARCH[/VARIANT]` for Linux; names of the kernel are turned into those of images (x86_64
 * is amd64). The JSON form that newer clients send (`{"os":"linux",...}`) is read as well.
 *
 * @throws DOCKER_API_VALUE
 */
export function parsePlatform(text: string): Platform {
  const parts = (text.startsWith("{") ? jsonParts(text) : text.split("/")).map((part) => part.toLowerCase());
  if (isArchitecture(parts[0])) parts.unshift("linux");
  const [os, architecture, variant] = parts;
  const wellFormed = parts.every((part) => /^[a-z0-9_.-]{1,64}$/.test(part));
  if (os === undefined || architecture === undefined || parts.length > 3 || !wellFormed) {
    throw dockerApiError(
      "VALUE",
      `invalid platform "${text.slice(0, 100)}": it must look like linux/arm64/v8`,
    );
  }
  return {
    os,
    architecture: aliases[architecture] ?? architecture,
    ...(variant === undefined ? {} : { variant }),
  };
}

/** `linux/arm64/v8` */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform;
  return [os, architecture, ...(variant === undefined || variant === "" ? [] : [variant])].join("/");
}

function isArchitecture(part: string | undefined): boolean {
  return part !== undefined && (part in aliases || architectures.has(part));
}

function jsonParts(text: string): string[] {
  try {
    const { os, architecture, variant } = JSON.parse(text) as Record<string, unknown>;
    return [os, architecture, variant].filter((part) => part !== undefined && part !== "").map(String);
  } catch {
    return [""];
  }
}
