import { TugError } from "../../../base/index.ts";
import type { ConfigsPort, NamedDataView } from "../routes/named-data/port.ts";

/** Secrets or configs in memory. */
export function createFakeNamedData(kind: "secret" | "config"): ConfigsPort {
  const views = new Map<string, NamedDataView>();
  const contents = new Map<string, Uint8Array>();
  const get = (name: string): NamedDataView => {
    const found = views.get(name);
    if (found !== undefined) return found;
    throw new TugError("notFound", `ENGINE_${kind.toUpperCase()}_NOT_FOUND`, `no such ${kind}: ${name}`);
  };
  return {
    list: () => [...views.values()],
    get,
    read: (name) => contents.get(get(name).name) ?? new Uint8Array(),
    create({ name, data, labels }) {
      const view = { name, labels, size: data.length, createdAt: "2026-01-01T00:00:00.000Z", users: [] };
      views.set(name, view);
      contents.set(name, data);
      return view;
    },
    remove: (name) => void views.delete(get(name).name),
  };
}
