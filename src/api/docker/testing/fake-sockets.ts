import { TugError } from "../../../base/index.ts";
import type { SocketsPort, SocketView } from "../routes/sockets/port.ts";

/** Scoped sockets on record in memory, on which nobody listens. */
export function createFakeSockets(): SocketsPort {
  const sockets = new Map<string, SocketView>();
  const get = (name: string): SocketView => {
    const found = sockets.get(name);
    if (found !== undefined) return found;
    throw new TugError("notFound", "ENGINE_SOCKET_NOT_FOUND", `no such socket: ${name}`);
  };
  return {
    list: () => [...sockets.values()],
    get,
    async create({ user = "0", ...request }) {
      const path = `/run/tug-sockets/${request.name}.sock`;
      const id = Number(user);
      const socket = { ...request, path, createdAt: "2026-01-01T00:00:00.000Z", uid: id, gid: id };
      sockets.set(request.name, socket);
      return socket;
    },
    remove: async (name) => void sockets.delete(get(name).name),
  };
}
