import type { LinkRequest } from "../../../../../engine/index.ts";
import { type Path, refuse } from "./origins.ts";

/**
 * Reads links as `NAME`, `NAME:ALIAS`, or as they are shown: `/NAME:/OWN-NAME/ALIAS`. Names are written into the container's
 * files, so they are nothing but names.
 *
 * @throws DOCKER_CREATE_VALUE
 */
export function translateLinks(links: readonly string[], path: Path): LinkRequest[] {
  return links.map((text, index) => {
    const [, container, alias = container] =
      /^\/?([a-zA-Z0-9][\w.-]*)(?::(?:\/[\w.-]+\/)?([\w.-]+))?$/.exec(text) ?? [];
    if (container !== undefined && alias !== undefined) return { container, alias };
    throw refuse([...path, index], `"${text}" is no link such as NAME:ALIAS`);
  });
}
