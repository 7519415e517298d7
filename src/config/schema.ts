import * as v from "valibot";
import { parseDuration, parseSize } from "./quantities.ts";

const maybe = v.exactOptional;
const MOST = 100;

const word = v.pipe(
  v.string(),
  v.nonEmpty("it is empty"),
  v.maxLength(4096, "it is too long"),
  v.check((value) => !value.includes("\0"), "it holds a NUL character"),
);

/** The name of a runtime: it is a word of command lines and of Docker's API. */
const name = v.pipe(
  v.string(),
  v.regex(/^[a-zA-Z0-9][\w.-]{0,63}$/, "a name has letters, digits, _ . and - only, at most 64"),
);

const runtime = v.strictObject({
  type: maybe(v.literal("oci")),
  path: word,
  options: maybe(v.pipe(v.array(word), v.maxLength(MOST, `it has more than ${MOST} entries`))),
  sandbox: maybe(v.boolean()),
});

const size = v.pipe(
  v.string(),
  v.check((value) => parseSize(value) !== undefined, "a size is a number and a unit, such as 40GB or 500MiB"),
);

const duration = v.pipe(
  v.string(),
  v.check((value) => parseDuration(value) !== undefined, "a time is a number and s, m, h or d, such as 24h"),
);

/** What the file may hold. docs/config.schema.json says the same to editors. */
export const configSchema = v.strictObject({
  runtimes: maybe(v.record(name, runtime)),
  "default-runtime": maybe(name),
  criu: maybe(word),
  storage: maybe(v.strictObject({ snapshotter: maybe(v.picklist(["overlay", "erofs"])) })),
  disk: maybe(
    v.strictObject({
      budget: maybe(size),
      keep: maybe(duration),
      "keep-images": maybe(v.pipe(v.array(word), v.maxLength(1000, "it has more than 1000 entries"))),
      "stopped-containers": maybe(v.boolean()),
    }),
  ),
});
