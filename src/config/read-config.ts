import { statSync } from "node:fs";
import * as v from "valibot";
import { parseDocument } from "yaml";
import { jsonPointer, readSmallFile, reasonOf } from "../base/index.ts";
import { configError } from "./errors.ts";
import { parseDuration, parseSize } from "./quantities.ts";
import { configSchema } from "./schema.ts";

/** Another OCI runtime. */
export type RuntimeConfig = {
  /** Its program: absolute, or a bare name. */
  readonly path: string;
  /** What stands before the command in each of its command lines. */
  readonly options: readonly string[];
  /** Whether the host sees a sandbox instead of processes; undefined: as its program's name says. */
  readonly sandbox: boolean | undefined;
};

/** What may be on the disk. */
export type DiskConfig = {
  /** Bytes of images, layers, caches, logs and what containers have written; undefined: as many as there is room for. */
  readonly budget: number | undefined;
  /** What was used so lately stays in any case; milliseconds. */
  readonly keep: number;
  /** Images that stay in any case, by their names. */
  readonly keepImages: readonly string[];
  /** Whether containers may go that do not run. */
  readonly stoppedContainers: boolean;
};

/** What the machine's administrator has said. */
export type Config = {
  readonly runtimes: ReadonlyMap<string, RuntimeConfig>;
  readonly defaultRuntime: string | undefined;
  /** The program that makes checkpoints and restores them: absolute, or a bare name; undefined: criu. */
  readonly criu: string | undefined;
  /** How layers are kept that come from now on. */
  readonly snapshotter: "overlay" | "erofs" | undefined;
  readonly disk: DiskConfig;
};

/** Where the configuration is unless somebody names another file. */
export const configFile = "/etc/tug/config.yaml";

const LARGEST = 256 * 1024;

/** How long what was used stays unless the file says otherwise. */
const KEEP = "24h";

/** Every container that is made asks, and most machines have no file. */
const nothing: Config = {
  runtimes: new Map(),
  defaultRuntime: undefined,
  criu: undefined,
  snapshotter: undefined,
  disk: diskConfig({}),
};

/** The name of the runtime that needs no program. */
const OWN = "tug";

/**
 * The configuration that is in force now. A file that is not there says nothing, unless it was asked for.
 *
 * @param file undefined: `configFile`
 * @throws CONFIG_FILE with the pointer of the place
 */
export async function readConfig(file: string | undefined): Promise<Config> {
  const path = file ?? configFile;
  try {
    // Others may not say which programs root is to run.
    const found = statSync(path, { throwIfNoEntry: file !== undefined });
    if (found === undefined) return nothing;
    const { uid, mode } = found;
    if (uid !== 0 || (mode & 0o022) !== 0) {
      throw refuse(path, "", "others than root may write to it", `chown root ${path}; chmod go-w ${path}`);
    }
    return parseConfig(await readSmallFile(path, LARGEST), path);
  } catch (error) {
    if ((error as { code?: string }).code === "CONFIG_FILE") throw error;
    throw refuse(path, "", reasonOf(error));
  }
}

/**
 * @param file its path, for errors
 * @throws CONFIG_FILE
 */
export function parseConfig(text: string, file: string): Config {
  const result = v.safeParse(configSchema, parseYaml(text, file), { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    const path = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
    throw refuse(file, jsonPointer(path), wordsOf(issue));
  }
  const { runtimes = {}, "default-runtime": defaultRuntime, criu, storage, disk = {} } = result.output;
  const checkProgram = (path: string, ...place: string[]): void => {
    if (path.startsWith("/") || !path.includes("/")) return;
    const reason = `${JSON.stringify(path)} is neither an absolute path nor the bare name of a program`;
    throw refuse(file, jsonPointer(place), reason);
  };
  if (criu !== undefined) checkProgram(criu, "criu");
  if (Object.hasOwn(runtimes, OWN)) {
    throw refuse(file, jsonPointer(["runtimes", OWN]), "the name is that of the engine's own runtime");
  }
  const entries = Object.entries(runtimes).map(([name, { path, options = [], sandbox }]) => {
    checkProgram(path, "runtimes", name, "path");
    return [name, { path, options, sandbox }] as const;
  });
  return {
    runtimes: new Map(entries),
    defaultRuntime,
    criu,
    snapshotter: storage?.snapshotter,
    disk: diskConfig(disk),
  };
}

type DiskMembers = NonNullable<v.InferOutput<typeof configSchema>["disk"]>;

function diskConfig({
  budget,
  keep = KEEP,
  "keep-images": keepImages = [],
  "stopped-containers": stoppedContainers = false,
}: DiskMembers): DiskConfig {
  return {
    budget: budget === undefined ? undefined : parseSize(budget),
    keep: parseDuration(keep) ?? 0,
    keepImages,
    stoppedContainers,
  };
}

function parseYaml(text: string, file: string): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) throw refuse(file, "", (error.message.split("\n")[0] ?? "").replace(/:$/, ""));
  try {
    return document.toJS({ maxAliasCount: 10 }) ?? {};
  } catch {
    throw refuse(file, "", "it has too many aliases");
  }
}

/** The library's message tells expected and found. */
function wordsOf(issue: v.BaseIssue<unknown>): string {
  if (issue.expected === "never") return "no such member is known";
  if (issue.expected === null || issue.kind === "validation") return issue.message.slice(0, 120);
  if (issue.received === "undefined") return "it is missing";
  return `expected ${issue.expected}, found ${issue.received.slice(0, 60)}`;
}

function refuse(file: string, pointer: string, reason: string, hint?: string): Error {
  return configError("FILE", `cannot use the configuration ${file}${pointer && `#${pointer}`}: ${reason}`, {
    hint: hint ?? "see docs/runtimes.md for what it may hold",
    details: { file, pointer },
  });
}
