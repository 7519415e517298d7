import { TugError } from "../../base/index.ts";
import { annotations, type Descriptor } from "../../specs/index.ts";
import { formatReference, parseReference, type ReferenceOptions } from "../reference.ts";

/**
 * The name of an image in a layout, from the annotations of its descriptor: the full name that Docker and containerd
 * write, or a reference name that is more than a tag. Undefined when there is none, or it is no reference.
 */
export function nameInLayout(descriptor: Descriptor, options: ReferenceOptions): string | undefined {
  const full = descriptor.annotations?.[annotations.imageName];
  const short = descriptor.annotations?.[annotations.refName];
  const text = full ?? (short !== undefined && /[:/]/.test(short) ? short : undefined);
  return text === undefined ? undefined : normalized(text, options);
}

/** A name of an archive in its full form, or undefined when it is none that a tag can have. */
export function normalized(text: string, options: ReferenceOptions): string | undefined {
  try {
    const reference = parseReference(text, options);
    return reference.digest === undefined ? formatReference(reference) : undefined;
  } catch (error) {
    if (error instanceof TugError) return undefined;
    throw error;
  }
}
