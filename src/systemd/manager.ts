import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, TugError } from "../base/index.ts";
import { type Connection, DbusRefusal, openConnection } from "./connection.ts";
import { systemdError } from "./errors.ts";
import type { DbusValue, Variant } from "./signature.ts";

/** A property of a unit, by the name that `systemctl show` prints. */
export type UnitProperty = { readonly name: string; readonly value: Variant };

/** A service manager: the machine's, or a user's own. */
export type SystemdManager = Disposable & {
  /** Path of the control group that its slices are in; empty for the top one. */
  controlGroup(): Promise<string>;
  /** Starts a transient unit and waits until it is up. One of that name that has ended makes room. */
  startTransientUnit(name: string, properties: readonly UnitProperty[]): Promise<void>;
  /** Changes a unit that is up, until it ends. */
  setUnitProperties(name: string, properties: readonly UnitProperty[]): Promise<void>;
  /** Ends a unit and forgets it; one that is not there is no error. */
  stopUnit(name: string): Promise<void>;
};

/** Where it listens: for its owner without a bus, and beside other services on one. */
export type SystemdSockets = {
  readonly own: string;
  readonly bus: string;
  /** It is a user's, who may be another one in this process's user namespace. */
  readonly isUsers?: boolean;
};

const sockets: SystemdSockets = { own: "/run/systemd/private", bus: "/run/dbus/system_bus_socket" };

/**
 * Where the service manager of a user listens, as its environment tells; undefined where it tells of none.
 * Source: https://specifications.freedesktop.org/basedir-spec/0.8/, sd_bus_default_user(3)
 */
export function userSockets(env: Readonly<Record<string, string | undefined>>): SystemdSockets | undefined {
  const directory = env.XDG_RUNTIME_DIR ?? "";
  if (!directory.startsWith("/")) return undefined;
  const [, named] = /^unix:(?:.*,)?path=([^,;]+)/.exec(env.DBUS_SESSION_BUS_ADDRESS ?? "") ?? [];
  const bus = named?.replace(/%([0-9a-f]{2})/gi, (_, byte) => String.fromCharCode(Number.parseInt(byte, 16)));
  return { own: `${directory}/systemd/private`, bus: bus ?? `${directory}/bus`, isUsers: true };
}

/** How long systemd may take for one request, in milliseconds. */
const PATIENCE = 30_000;
const RETRY_MS = 50;
const RETRIES = 40;

const manager = {
  destination: "org.freedesktop.systemd1",
  path: "/org/freedesktop/systemd1",
  interface: "org.freedesktop.systemd1.Manager",
} as const;

/**
 * Connects to systemd.
 *
 * Source: org.freedesktop.systemd1(5)
 * @throws SYSTEMD_CONNECT
 */
export async function connectSystemd({
  own,
  bus,
  isUsers = false,
}: SystemdSockets = sockets): Promise<SystemdManager> {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(new Error(`no answer in ${PATIENCE / 1000} s`)), PATIENCE);
  const open = (path: string) => openConnection(path, end.signal, { named: !isUsers });
  const connection = await open(own).catch((error: unknown) =>
    openBus(open, bus).catch(() => {
      clearTimeout(timer);
      throw error;
    }),
  );
  const call = (member: string, signature = "", body: readonly DbusValue[] = []) =>
    connection.call({ ...manager, member, signature, body });
  const refused = (what: string) => (error: unknown) => {
    if (!(error instanceof DbusRefusal)) throw error;
    throw systemdError("REFUSED", `cannot ${what}: ${messageOf(error)}`, { cause: error });
  };
  return {
    async controlGroup() {
      const property = { ...manager, interface: "org.freedesktop.DBus.Properties", member: "Get" };
      const [answer] = await connection
        .call({ ...property, signature: "ss", body: [manager.interface, "ControlGroup"] })
        .catch(refused("ask for the control group of systemd"));
      const group = (answer as Variant | undefined)?.value;
      return typeof group === "string" && group.startsWith("/") ? group.replace(/\/$/, "") : "";
    },
    startTransientUnit: (name, properties) =>
      start({ connection, call }, name, properties).catch(refused(`start ${name}`)),
    async setUnitProperties(name, properties) {
      await call("SetUnitProperties", "sba(sv)", [name, true, list(properties)]).catch(
        refused(`change ${name}`),
      );
    },
    async stopUnit(name) {
      await call("StopUnit", "ss", [name, "replace"]).catch(unlessGone(refused(`stop ${name}`)));
      await call("ResetFailedUnit", "s", [name]).catch(unlessGone(refused(`stop ${name}`)));
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      connection[Symbol.dispose]();
    },
  };
}

async function openBus(open: (path: string) => Promise<Connection>, path: string): Promise<Connection> {
  const connection = await open(path);
  const bus = {
    destination: "org.freedesktop.DBus",
    path: "/org/freedesktop/DBus",
    interface: "org.freedesktop.DBus",
  };
  await connection.call({ ...bus, member: "Hello" });
  const rule = `type='signal',sender='${manager.destination}',interface='${manager.interface}',member='JobRemoved'`;
  await connection.call({ ...bus, member: "AddMatch", signature: "s", body: [rule] });
  return connection;
}

type Talk = {
  readonly connection: Connection;
  readonly call: (
    member: string,
    signature?: string,
    body?: readonly DbusValue[],
  ) => Promise<readonly DbusValue[]>;
};

async function start(
  { connection, call }: Talk,
  name: string,
  properties: readonly UnitProperty[],
): Promise<void> {
  await call("Subscribe");
  for (let retry = 0; ; retry += 1) {
    // The end of a job may be told before its beginning is answered.
    const ends = connection.signal(
      ({ interface: from, member, body }) =>
        from === manager.interface && member === "JobRemoved" && body[2] === name,
    );
    ends.catch(() => undefined);
    try {
      await call("StartTransientUnit", "ssa(sv)a(sa(sv))", [name, "replace", list(properties), []]);
    } catch (error) {
      if (!isThere(error) || retry === RETRIES) throw error;
      await call("ResetFailedUnit", "s", [name]).catch(unlessGone(rethrow));
      await sleep(RETRY_MS);
      continue;
    }
    const { body } = await ends;
    if (body[3] === "done") return;
    throw systemdError("JOB", `cannot start ${name}: systemd says ${body[3]}`, {
      hint: `see: systemctl status ${name}`,
    });
  }
}

function list(properties: readonly UnitProperty[]): DbusValue[] {
  return properties.map(({ name, value }) => [name, value]);
}

function isThere(error: unknown): boolean {
  return error instanceof DbusRefusal && error.dbusName === "org.freedesktop.systemd1.UnitExists";
}

function unlessGone(otherwise: (error: unknown) => never) {
  return (error: unknown): void => {
    const gone = error instanceof DbusRefusal && error.dbusName === "org.freedesktop.systemd1.NoSuchUnit";
    if (!gone) otherwise(error);
  };
}

function rethrow(error: unknown): never {
  throw error;
}

/** Whether a unit could not be started because one of its name is there and does not end. */
export function isNameTaken(error: unknown): boolean {
  return error instanceof TugError && error.code === "SYSTEMD_REFUSED" && isThere(error.cause);
}
