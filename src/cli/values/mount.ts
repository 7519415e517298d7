import { dockerApi } from "../../specs/index.ts";
import { readCsv } from "./csv.ts";
import { readSize } from "./numbers.ts";
import { badValue, readWord } from "./words.ts";

/** A mount while its fields are read. */
type Draft = {
  type: (typeof types)[number];
  source?: string;
  target?: string;
  readOnly: boolean;
  /** It was said that it is to be writable. */
  writable?: boolean;
  bind: NonNullable<dockerApi.Mount["BindOptions"]>;
  volume: NonNullable<dockerApi.Mount["VolumeOptions"]>;
  tmpfs: NonNullable<dockerApi.Mount["TmpfsOptions"]>;
  image: NonNullable<dockerApi.Mount["ImageOptions"]>;
};

const types = ["bind", "volume", "tmpfs", "image"] as const;

/** What a field does to the draft; undefined as value stands for a field without "=". */
type Field = (draft: Draft, value: string) => void;

const fields: Readonly<Record<string, Field>> = {
  type: (draft, value) => {
    draft.type = readWord(value.toLowerCase(), types);
  },
  source: (draft, value) => {
    draft.source = value;
  },
  target: (draft, value) => {
    draft.target = value;
  },
  readonly: (draft, value) => {
    draft.readOnly = readSwitch(value);
    draft.writable = !draft.readOnly;
  },
  rw: (draft, value) => {
    draft.writable = readSwitch(value);
    draft.readOnly = !draft.writable;
  },
  consistency: () => {},
  "bind-propagation": (draft, value) => {
    draft.bind.Propagation = readWord(value, dockerApi.propagations);
  },
  "bind-recursive": (draft, value) => {
    const mode = readWord(value, ["enabled", "disabled", "writable", "readonly"]);
    if (mode === "disabled") draft.bind.NonRecursive = true;
    if (mode === "writable") draft.bind.ReadOnlyNonRecursive = true;
    if (mode === "readonly") draft.bind.ReadOnlyForceRecursive = true;
  },
  "bind-create-src": (draft, value) => {
    draft.bind.CreateMountpoint = readSwitch(value);
  },
  "volume-nocopy": (draft, value) => {
    draft.volume.NoCopy = readSwitch(value);
  },
  "volume-subpath": (draft, value) => {
    draft.volume.Subpath = value;
  },
  "volume-label": (draft, value) => {
    draft.volume.Labels = { ...draft.volume.Labels, ...pairOf(value) };
  },
  "volume-driver": (draft, value) => {
    draft.volume.DriverConfig = { ...draft.volume.DriverConfig, Name: value };
  },
  "volume-opt": (draft, value) => {
    const { DriverConfig } = draft.volume;
    draft.volume.DriverConfig = { ...DriverConfig, Options: { ...DriverConfig?.Options, ...pairOf(value) } };
  },
  "tmpfs-size": (draft, value) => {
    draft.tmpfs.SizeBytes = readSize(value);
  },
  "tmpfs-mode": (draft, value) => {
    if (!/^[0-7]{1,5}$/.test(value)) throw badValue("it is not an octal number such as 1770");
    draft.tmpfs.Mode = Number.parseInt(value, 8);
  },
  "image-subpath": (draft, value) => {
    draft.image.Subpath = value;
  },
};

const synonyms: Readonly<Record<string, string>> = {
  src: "source",
  dst: "target",
  destination: "target",
  ro: "readonly",
  readwrite: "rw",
};

const switches = new Set(["readonly", "rw", "bind-create-src", "volume-nocopy"]);

/**
 * A mount as `--mount` has it: `type=bind,src=/srv,dst=/data,readonly`. Without a type it is a volume. A relative source
 * is left for the caller, who knows the working directory.
 * Source: https://docs.docker.com/engine/storage/bind-mounts/#options-for---mount
 *
 * @throws CLI_VALUE
 */
export function readMount(text: string): dockerApi.Mount {
  const draft: Draft = { type: "volume", readOnly: false, bind: {}, volume: {}, tmpfs: {}, image: {} };
  for (const field of readCsv(text)) readField(draft, field);
  return finish(draft);
}

function readField(draft: Draft, field: string): void {
  const [, written = "", value] = /^([^=]*)(?:=(.*))?$/s.exec(field) ?? [];
  const key = synonyms[written.toLowerCase()] ?? written.toLowerCase();
  const apply = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (apply === undefined) throw badValue(`unknown option "${written}"`);
  if (value === undefined && !switches.has(key)) throw badValue(`option "${written}" needs a value`);
  if (value !== undefined && (value === "" || value.trim() !== value)) {
    throw badValue(`the value of "${written}" is empty or begins or ends with whitespace`);
  }
  try {
    apply(draft, value ?? "true");
  } catch (error) {
    throw badValue(`the value "${value}" of "${written}" is wrong: ${(error as Error).message}`);
  }
}

const ownOptions = {
  bind: "BindOptions",
  volume: "VolumeOptions",
  tmpfs: "TmpfsOptions",
  image: "ImageOptions",
} as const;

function finish(draft: Draft): dockerApi.Mount {
  for (const type of types) {
    if (type !== draft.type && Object.keys(draft[type]).length > 0) {
      throw badValue(`${type}-* options do not go with type "${draft.type}"`);
    }
  }
  if (draft.target === undefined) throw badValue("the target is missing");
  if (draft.type === "bind" && draft.source === undefined) throw badValue("a bind mount needs a source");
  if (draft.type === "image" && draft.source === undefined) throw badValue("an image mount needs a source");
  if (draft.type === "image" && draft.writable) throw badValue("an image can only be mounted read-only");
  const { ReadOnlyNonRecursive, ReadOnlyForceRecursive } = draft.bind;
  if ((ReadOnlyNonRecursive || ReadOnlyForceRecursive) && !draft.readOnly) {
    throw badValue("bind-recursive=writable and bind-recursive=readonly need readonly");
  }
  const options = draft[draft.type];
  return {
    Type: draft.type,
    Source: draft.source,
    Target: draft.target,
    ReadOnly: draft.readOnly,
    ...(Object.keys(options).length === 0 ? {} : { [ownOptions[draft.type]]: options }),
  };
}

/** Stricter than other switches, as Docker's client is here. */
function readSwitch(value: string): boolean {
  return ["true", "1"].includes(readWord(value, ["true", "1", "false", "0"]));
}

function pairOf(text: string): Record<string, string> {
  const [key = "", value = ""] = text.split(/=(.*)/s);
  return { [key]: value };
}
