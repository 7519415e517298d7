import * as v from "valibot";
import { jsonPointer } from "../../base/index.ts";
import { dockerApiError } from "./errors.ts";
import { reasonOf } from "./reason.ts";

/**
 * The value of a JSON text from outside, checked against a schema.
 *
 * @param what names the text in the error: "create body"
 * @throws DOCKER_API_BODY with the JSON pointer of the first wrong field in the sentence and in `details.pointer`
 */
export function parseJson<S extends v.GenericSchema>(
  schema: S,
  body: string,
  what: string,
): v.InferOutput<S> {
  let value: unknown;
  try {
    // Docker's client writes null for "not given" throughout.
    value = JSON.parse(body, (_, item) => (item === null ? undefined : item));
  } catch (cause) {
    throw dockerApiError("BODY", `cannot read ${what}: it is not valid JSON`, { cause });
  }
  return parseValue(schema, value, what);
}

/** Like `parseJson`, for a value that has been decoded already. */
export function parseValue<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  what: string,
): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const pointer = jsonPointer((issue.path ?? []).map((step) => step.key as string | number));
  const place = pointer === "" ? "the document" : pointer;
  throw dockerApiError("BODY", `cannot read ${what}: ${place} ${reasonOf(issue)}`, { details: { pointer } });
}
