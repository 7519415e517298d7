import * as v from "valibot";

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

/** What the file may hold. docs/config.schema.json says the same to editors. */
export const configSchema = v.strictObject({
  runtimes: maybe(v.record(name, runtime)),
  "default-runtime": maybe(name),
  storage: maybe(v.strictObject({ snapshotter: maybe(v.picklist(["overlay", "erofs"])) })),
});
