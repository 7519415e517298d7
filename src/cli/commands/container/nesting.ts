import { dockerApi } from "../../../specs/index.ts";

/**
 * Containers in the order of a list for people: one that lies in another comes after it, and its name after that one's, as
 * `web/worker`.
 */
export function nested(containers: readonly dockerApi.ContainerSummary[]): dockerApi.ContainerSummary[] {
  const parentOf = ({ Labels }: dockerApi.ContainerSummary) => Labels[dockerApi.PARENT_LABEL];
  const ids = new Set(containers.map(({ Id }) => Id));
  const inside = Map.groupBy(containers, (each) => parentOf(each) ?? "");
  const withInner = (container: dockerApi.ContainerSummary, above: string): dockerApi.ContainerSummary[] => {
    const path = `${above}${(container.Names[0] ?? "").replace(/^\//, "")}`;
    const inner = (inside.get(container.Id) ?? []).flatMap((each) => withInner(each, `${path}/`));
    return [above === "" ? container : { ...container, Names: [`/${path}`] }, ...inner];
  };
  // What it lies in may be filtered away.
  const outer = containers.filter((each) => !ids.has(parentOf(each) ?? ""));
  return outer.flatMap((each) => withInner(each, ""));
}
