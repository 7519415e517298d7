import * as v from "valibot";

/**
 * What a file that describes devices must look like. Members that are not listed are refused, as the specification
 * wants it. Source: https://github.com/cncf-tags/container-device-interface/blob/v1.1.0/SPEC.md#cdi-json-specification
 */
const maybe = v.exactOptional;

/** Many times what drivers write, and little enough to read at every start. */
const MOST = 10_000;

const text = v.pipe(
  v.string(),
  v.check((value) => !value.includes("\0"), "it holds a NUL character"),
);
const filled = v.pipe(text, v.nonEmpty("it is empty"));
const path = v.pipe(text, v.startsWith("/", "it is not an absolute path"));
const variable = v.pipe(text, v.regex(/^[^=]+=/, "it does not look like NAME=VALUE"));
const annotations = v.record(v.string(), v.string());
const uint32 = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));
/** As the kernel has them in dev_t. */
const major = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xfff));
const minor = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xf_ffff));

function list<const T extends v.GenericSchema>(element: T) {
  return v.pipe(v.array(element), v.maxLength(MOST, `it has more than ${MOST} entries`));
}

const deviceNode = v.strictObject({
  path,
  hostPath: maybe(path),
  type: maybe(v.picklist(["b", "c", "u", "p", ""])),
  major: maybe(major),
  minor: maybe(minor),
  fileMode: maybe(uint32),
  permissions: maybe(v.pipe(text, v.regex(/^(?:[rwm]*|none)$/, "it is not made of r, w and m"))),
  uid: maybe(uint32),
  gid: maybe(uint32),
});

const mount = v.strictObject({
  hostPath: filled,
  containerPath: path,
  type: maybe(text),
  options: maybe(list(text)),
});

const hook = v.strictObject({
  hookName: v.picklist([
    "prestart",
    "createRuntime",
    "createContainer",
    "startContainer",
    "poststart",
    "poststop",
  ]),
  path,
  args: maybe(list(text)),
  env: maybe(list(variable)),
  timeout: maybe(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(0x7fff_ffff))),
});

const intelRdt = v.strictObject({
  closID: maybe(text),
  l3CacheSchema: maybe(text),
  memBwSchema: maybe(text),
  schemata: maybe(list(text)),
  enableMonitoring: maybe(v.boolean()),
  enableCMT: maybe(v.boolean()),
  enableMBM: maybe(v.boolean()),
});

const containerEdits = v.strictObject({
  env: maybe(list(variable)),
  deviceNodes: maybe(list(deviceNode)),
  netDevices: maybe(list(v.strictObject({ hostInterfaceName: filled, name: filled }))),
  mounts: maybe(list(mount)),
  hooks: maybe(list(hook)),
  intelRdt: maybe(intelRdt),
  additionalGids: maybe(list(uint32)),
});

const deviceName = v.pipe(
  v.string(),
  v.maxLength(253, "it is longer than 253 characters"),
  v.regex(/^[A-Za-z0-9](?:[\w.:-]*[A-Za-z0-9])?$/, "it is no name such as 0 or gpu-1"),
);

export const specSchema = v.strictObject({
  cdiVersion: v.string(),
  kind: v.pipe(
    v.string(),
    v.regex(
      /^(?=[^/]{1,253}\/[^/]{1,63}$)[A-Za-z](?:[\w.-]*[A-Za-z0-9])?\/[A-Za-z](?:[\w.-]*[A-Za-z0-9])?$/,
      "it does not look like vendor.com/class",
    ),
  ),
  annotations: maybe(annotations),
  devices: v.pipe(
    list(
      v.strictObject({
        name: deviceName,
        annotations: maybe(annotations),
        containerEdits: maybe(containerEdits),
      }),
    ),
    v.minLength(1, "it describes no device"),
  ),
  containerEdits: maybe(containerEdits),
});

/** A file that describes devices of one kind. */
export type CdiSpec = v.InferOutput<typeof specSchema>;

/** What a device, or the first of its file, changes in a container. */
export type CdiEdits = v.InferOutput<typeof containerEdits>;

/** A device node that a container gets. */
export type CdiDeviceNode = v.InferOutput<typeof deviceNode>;
