import * as v from "valibot";
import { reasonOf } from "./reason.ts";

const plainObject = v.custom<object>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "must be an object",
);

/** A JSON object, without arrays. */
export function struct<const T extends v.ObjectEntries>(entries: T) {
  return v.pipe(plainObject, v.object(entries));
}

/** An optional field: left out and `null` (see parse.ts) give undefined. */
export const optional = <S extends v.GenericSchema>(schema: S) => v.optional(schema);

/** A text without NUL: every text here may end up in a system call. */
export const text = v.pipe(
  v.string(),
  v.check((value) => !value.includes("\0"), "must not hold a NUL byte"),
);

export const flag = v.boolean();

/** A whole number. JavaScript keeps 53 bits exactly; larger limits lose their last digits, which no limit needs. */
export const integer = v.pipe(v.number(), v.integer("must be a whole number"));

export const texts = v.array(text);

/** An object whose values are all of one kind. Keys such as `__proto__` are ordinary keys. */
export function mapOf<S extends v.GenericSchema>(value: S) {
  return v.pipe(
    plainObject,
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const entries: [string, v.InferOutput<S>][] = [];
      for (const [key, item] of Object.entries(dataset.value as Record<string, unknown>)) {
        const result = v.safeParse(value, item);
        const issue = result.issues?.[0];
        if (issue !== undefined) {
          const here = { type: "unknown" as const, origin: "value" as const, input: item, key, value: item };
          addIssue({ message: reasonOf(issue), path: [here, ...(issue.path ?? [])] as never });
          return NEVER;
        }
        entries.push([key, result.output as v.InferOutput<S>]);
      }
      return Object.fromEntries(entries) as Record<string, v.InferOutput<S>>;
    }),
  );
}

/** Map from name to text: labels, options, annotations. */
export const textMap = mapOf(text);
