import { chmod, chown, lstat, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DockerDoor, Policy, SocketsPort, SocketView } from "../api/docker/index.ts";
import { createKeyedMutex, createMutex, type Logger, type Mutex, messageOf } from "../base/index.ts";
import type { SocketRecord, SocketStore } from "../engine/index.ts";
import { serverError } from "./errors.ts";
import { listen } from "./listen.ts";
import { findOwner } from "./socket-owner.ts";

export type ScopedSocketsOptions = {
  /** Where the sockets are: everybody may enter it, and who may use one is said by its owner and mode. */
  readonly directory: string;
  readonly store: SocketStore;
  /** A door that knows a policy; not yet listening. */
  readonly openDoor: (policy: SocketPolicy) => DockerDoor;
  readonly logger: Logger;
};

/** What a socket itself says of its policy. */
export type SocketPolicy = Omit<Policy, "unnamedNetwork">;

/** The sockets of an engine for clients that may not do everything. */
export type ScopedSockets = SocketsPort & {
  /** Listens for all that are on record. One that cannot be had is logged and left out. */
  open(): Promise<void>;
  close(): Promise<void>;
};

/** As much of a path as the kernel takes for a socket: unix(7). */
const LONGEST_PATH = 107;

export function createScopedSockets(options: ScopedSocketsOptions): ScopedSockets {
  const { directory, store, openDoor, logger } = options;
  const doors = new Map<string, DockerDoor>();
  const changing = createMutex();
  const scopes = createKeyedMutex();
  const pathOf = (name: string) => join(directory, `${name}.sock`);
  const view = (record: SocketRecord): SocketView => {
    const { policy, ...rest } = record;
    return { ...rest, ...(JSON.parse(policy) as Stored), path: pathOf(record.name) };
  };
  const open = async (socket: SocketView): Promise<void> => {
    const { name, path, allow, scope, quota, uid, gid, mode } = socket;
    if (Buffer.byteLength(path) > LONGEST_PATH)
      throw serverError(
        "SOCKET_PATH",
        `cannot listen on ${path}: the path is longer than ${LONGEST_PATH} bytes`,
      );
    await makeDirectory(directory);
    const making: Mutex = { run: (work) => scopes.run(scope, work) };
    const door = openDoor({ name, allow: new Set(allow), scope, quota, making });
    try {
      // It is nobody's but the engine's until the owner is known.
      await listen(door.server, path);
      await chown(path, uid, gid);
      await chmod(path, mode);
    } catch (error) {
      await door.close();
      throw error;
    }
    doors.set(name, door);
  };
  const shut = async (name: string): Promise<void> => {
    await doors.get(name)?.close();
    doors.delete(name);
    await rm(pathOf(name), { force: true });
  };
  return {
    list: () => store.list().map(view),
    get: (name) => view(store.find(name)),
    create: ({ name, user, mode, allow, scope, quota }) =>
      changing.run(async () => {
        const { uid, gid } = user === undefined ? { uid: 0, gid: 0 } : await findOwner(user);
        const policy: Stored = { allow, scope, quota };
        const socket = view(store.add({ name, uid, gid, mode, policy: JSON.stringify(policy) }));
        try {
          await open(socket);
        } catch (error) {
          store.remove(name);
          await shut(name);
          throw error;
        }
        return socket;
      }),
    remove: (name) =>
      changing.run(async () => {
        store.find(name);
        await shut(name);
        store.remove(name);
      }),
    async open() {
      for (const socket of store.list().map(view)) {
        try {
          await open(socket);
        } catch (error) {
          logger.log("warn", "socket.failed", { socket: socket.path, reason: messageOf(error) });
        }
      }
    },
    async close() {
      await Promise.all([...doors.values()].map((door) => door.close()));
    },
  };
}

/** A directory of the engine's own, which nobody else can have made. */
async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o711 });
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== process.getuid?.())
    throw serverError(
      "SOCKET_PATH",
      `cannot listen in ${path}: it is not a directory of the engine's own user`,
    );
  await chmod(path, 0o711);
}

/** What is on record of a policy. */
type Stored = Pick<SocketView, "allow" | "scope" | "quota">;
