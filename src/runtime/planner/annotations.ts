import type { Spec } from "../../specs/oci-runtime/index.ts";

/** Whether an annotation of crun's is there and not 0. Source: crun.1 "EXTENSIONS TO OCI" */
export function hasAnnotation({ annotations }: Pick<Spec, "annotations">, name: string): boolean {
  return (annotations?.[name] ?? "0") !== "0";
}
