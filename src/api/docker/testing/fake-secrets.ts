import { TugError } from "../../../base/index.ts";
import type { SecretsPort, SecretView } from "../routes/secrets/port.ts";

/** Secrets in memory, of which only the sizes are kept. */
export function createFakeSecrets(): SecretsPort {
  const secrets = new Map<string, SecretView>();
  const get = (name: string): SecretView => {
    const found = secrets.get(name);
    if (found !== undefined) return found;
    throw new TugError("notFound", "ENGINE_SECRET_NOT_FOUND", `no such secret: ${name}`);
  };
  return {
    list: () => [...secrets.values()],
    get,
    create({ name, data, labels }) {
      const secret = { name, labels, size: data.length, createdAt: "2026-01-01T00:00:00.000Z", users: [] };
      secrets.set(name, secret);
      return secret;
    },
    remove: (name) => void secrets.delete(get(name).name),
  };
}
