import { engineError } from "../errors.ts";

/** What decides how a container's output is kept. */
export type LogSubject = {
  readonly id: string;
  readonly name: string;
  readonly image: { readonly name: string; readonly id: string };
  readonly labels: Readonly<Record<string, string>>;
  /** `NAME=value` */
  readonly env: readonly string[];
  /** Of --log-driver and --log-opt. */
  readonly logging: {
    readonly driver?: string | undefined;
    readonly options: Readonly<Record<string, string>>;
  };
};

/** The monitor takes no more bytes of labels for each record. */
const LONGEST_ATTRIBUTES = 4096;

/** Labels and variables that the options name, and the tag. */
export function attributesOf({
  logging,
  labels,
  env,
  ...subject
}: LogSubject): Record<string, string> | undefined {
  const { options } = logging;
  const variables = env.map((entry) => entry.split(/=(.*)/s, 2) as [string, string]);
  const attributes = Object.fromEntries([
    ...select(Object.entries(labels), options.labels, {
      name: "labels-regex",
      regex: options["labels-regex"],
    }),
    ...select(variables, options.env, { name: "env-regex", regex: options["env-regex"] }),
    ...(options.tag === undefined ? [] : [["tag", renderTag(options.tag, subject)] as const]),
  ]);
  if (JSON.stringify(attributes).length > LONGEST_ATTRIBUTES) {
    throw refuse("labels", `labels, env and tag of the log make more than ${LONGEST_ATTRIBUTES} bytes`);
  }
  return Object.keys(attributes).length === 0 ? undefined : attributes;
}

function select(
  pairs: readonly (readonly [string, string])[],
  names: string | undefined,
  { name, regex }: { name: string; regex: string | undefined },
): (readonly [string, string])[] {
  const wanted = new Set((names ?? "").split(",").filter((one) => one !== ""));
  const pattern = regex === undefined ? undefined : readPattern(name, regex);
  return pairs.filter(([key]) => wanted.has(key) || (pattern?.test(key) ?? false));
}

function readPattern(option: string, text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw refuse(option, `'${text}' is not a regular expression`, undefined, cause);
  }
}

/** The placeholders of Docker's log tags. Source: https://docs.docker.com/engine/logging/log_tags/ */
export function renderTag(
  template: string,
  { id, name, image }: Pick<LogSubject, "id" | "name" | "image">,
): string {
  const values: Readonly<Record<string, string>> = {
    ID: id.slice(0, 12),
    FullID: id,
    Name: name,
    ImageID: image.id.replace(/^sha256:/, "").slice(0, 12),
    ImageFullID: image.id,
    ImageName: image.name,
    DaemonName: "tug",
  };
  return template.replace(/\{\{\s*([^}]*?)\s*\}\}/g, (whole, expression: string) => {
    const value = values[expression.replace(/^\./, "")];
    if (value === undefined || !expression.startsWith(".")) throw refuse("tag", `there is no ${whole}`);
    return value;
  });
}

/** The error of a wrong option. */
export function refuse(option: string, reason: string, hint?: string, cause?: unknown): Error {
  return engineError("LOG_OPTION", `invalid /HostConfig/LogConfig/Config/${option}: ${reason}`, {
    ...(hint !== undefined && { hint }),
    details: { pointer: `/HostConfig/LogConfig/Config/${option}` },
    ...(cause !== undefined && { cause }),
  });
}
