import { parseSpecValue, type Spec } from "../../specs/oci-runtime/index.ts";

/**
 * Holds a spec that the engine wrote to all that a config.json from outside is held to: kernel parameters of the whole
 * machine, values that the kernel would misunderstand.
 *
 * @throws OCI_CONFIG with the pointer of the place
 */
export function checkSpec(spec: Spec): Spec {
  const { seccomp, ...linux } = spec.linux ?? {};
  const { value } = parseSpecValue({ ...spec, linux });
  // The filter is the default one or was parsed when it came.
  return seccomp === undefined ? value : { ...value, linux: { ...value.linux, seccomp } };
}
