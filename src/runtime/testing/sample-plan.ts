import type { Op, OpName, OpOf, Plan } from "../../plan/index.ts";
import type { Spec } from "../../specs/oci-runtime/index.ts";
import { cgroupLayout } from "../cgroups/index.ts";
import { defaultSpec } from "../defaults/index.ts";
import { planCreate } from "../planner/create.ts";
import type { CreateInput } from "../planner/input.ts";
import { sampleFacts } from "./facts.ts";

/** An id as engines make them. */
export const sampleId = "5f0c2b9a3e7d41f8a6b4c2d0e8f61a3b5c7d9e0f1a2b3c4d5e6f708192a3b4c5";

/** The plan for the default container, after a change of its configuration, on a machine with cgroup v1 or v2. */
export function sampleCreatePlan(
  change: (spec: Spec) => Spec = (spec) => spec,
  options: Partial<CreateInput> = {},
  version: 1 | 2 = 2,
): Plan {
  const spec = change({
    ...defaultSpec(version === 2),
    process: { ...defaultSpec(true).process, terminal: false },
  });
  const facts = sampleFacts(version);
  const { mounts, groups } = facts;
  const id = options.id ?? sampleId;
  return planCreate({
    id,
    spec,
    bundle: "/bundle",
    stateDir: `/run/x/${id}`,
    owner: 0,
    root: { kind: "directory" },
    facts,
    cgroups: cgroupLayout({ mounts, groups, cgroupsPath: spec.linux?.cgroupsPath, id }),
    attendance: "create",
    ...options,
  });
}

/** The same container in a new user namespace, whose root is another on the host. */
export function withUserNamespace(spec: Spec): Spec {
  const mappings = [{ containerID: 0, hostID: 100000, size: 65536 }];
  const namespaces = [...(spec.linux?.namespaces ?? []), { type: "user" } as const];
  return { ...spec, linux: { ...spec.linux, namespaces, uidMappings: mappings, gidMappings: mappings } };
}

/** The ops of one kind, in their order. */
export function opsNamed<N extends OpName>(items: readonly Op[], name: N): OpOf<N>[] {
  return items.filter((op): op is OpOf<N> => op.op === name);
}
