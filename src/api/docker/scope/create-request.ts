import type {
  CreateContainerRequest,
  MountRequest,
  NamespaceMode,
  NetworkRequest,
  SecurityRequest,
} from "../../../engine/index.ts";
import type { DockerPorts } from "../door.ts";
import { beyond, labelled, need, type Policy } from "./policy.ts";
import { limited } from "./quota.ts";
import type { Things } from "./things.ts";

/** Says of every member of a request what becomes of it: one that a rule forgets does not compile. */
type Rules<T> = { readonly [K in keyof T]-?: (value: T[K]) => T[K] | Promise<T[K]> };

export type Creation = {
  readonly things: Things;
  /** The engine's own, to make named volumes. */
  readonly volumes: DockerPorts["volumes"];
};

/**
 * A create request as a policy allows it: everything in it is in the scope, and what comes of it too.
 *
 * @throws DOCKER_SCOPE for what no scoped socket gives, notFound for what is not in the scope
 */
export async function scopedRequest(
  creation: Creation,
  request: CreateContainerRequest,
): Promise<CreateContainerRequest> {
  return applyRules(requestRules(creation), request);
}

async function applyRules<T extends object>(rules: Rules<T>, wanted: T): Promise<T> {
  const made: Partial<T> = {};
  for (const key of Object.keys(rules) as (keyof T)[]) {
    const value = await rules[key](wanted[key]);
    if (value !== undefined) made[key] = value;
  }
  return made as T;
}

function requestRules(creation: Creation): Rules<CreateContainerRequest> {
  const { things } = creation;
  const { policy } = things;
  const { keep, none } = plainRules(policy);
  return {
    name: keep,
    image: (name) => imageName(policy, name),
    platform: keep,
    command: keep,
    entrypoint: keep,
    env: keep,
    secretEnv: (variables) =>
      variables?.map((each) => ({ ...each, secret: things.data("secret", each.secret).name })),
    workingDir: keep,
    user: keep,
    groupAdd: keep,
    hostname: keep,
    domainname: keep,
    labels: (labels) => labelled(policy, labels),
    annotations: none("annotations reach runtimes"),
    stdio: keep,
    stopSignal: keep,
    stopTimeoutSeconds: keep,
    healthcheck: keep,
    restart: keep,
    autoRemove: keep,
    init: keep,
    // Its limits lie above the control groups that it may write.
    systemd: keep,
    mounts: (mounts) => inOrder(mounts, (mount) => mountRule(creation, mount)),
    volumesFrom: (sources) => inOrder(sources, (source) => volumesOf(things, source)),
    shmSizeBytes: keep,
    storageOptions: none("options of the storage are the owner's"),
    namespaces: async ({ pid, ipc, uts, cgroup, user }) => ({
      pid: await namespaceRule(things, "pid", pid),
      ipc: await namespaceRule(things, "ipc", ipc),
      uts: await namespaceRule(things, "uts", uts),
      cgroup: await namespaceRule(things, "cgroup", cgroup),
      user: await namespaceRule(things, "user", user),
    }),
    network: (network) => applyRules(networkRules(things), network),
    resources: (resources) => {
      const { devices, deviceCgroupRules, cdiDevices, cgroupParent, blkioThrottles } = resources;
      none("devices of the machine are not given away")([...devices, ...deviceCgroupRules, ...cdiDevices]);
      none("limits of devices name devices of the machine")([
        ...blkioThrottles,
        ...resources.blkioWeightDevices,
      ]);
      none("control groups of the machine are the owner's")(cgroupParent);
      none("a container without the OOM killer can stop the machine")(resources.oomKillDisable);
      return limited(policy, resources);
    },
    security: (security) => applyRules(securityRules(policy), security),
    ulimits: (ulimits) => {
      none("of resource limits only nofile, nproc and core can be set")(
        ulimits.filter(({ name }) => !["nofile", "nproc", "core"].includes(name)),
      );
      return ulimits;
    },
    sysctls: none("settings of the kernel are the owner's"),
    oomScoreAdj: (score) => {
      none("a process may not be spared by the OOM killer")((score ?? 0) < 0);
      return score;
    },
    logging: (logging) => {
      const { driver = "json-file" } = logging;
      none(`the log driver ${driver} writes elsewhere on the machine`)(
        !["json-file", "local", "none"].includes(driver),
      );
      return logging;
    },
    runtime: none("the runtime is the owner's choice"),
    containerIdFile: keep,
    from: keep,
  };
}

function securityRules(policy: Policy): Rules<SecurityRequest> {
  const { keep, none } = plainRules(policy);
  return {
    privileged: none("no container is privileged"),
    readonlyRootfs: keep,
    capAdd: none("no capabilities are added"),
    capDrop: keep,
    noNewPrivileges: keep,
    seccomp: (seccomp) => {
      none("the filter for system calls stays as it is")(seccomp !== undefined && seccomp.kind !== "default");
      return seccomp;
    },
    apparmor: none("the AppArmor profile stays as it is"),
    labels: none("the SELinux label stays as it is"),
    // An empty list is one, too: it would unmask all.
    maskedPaths: (paths) => none("masked paths stay as they are")(paths && [paths]) && undefined,
    readonlyPaths: (paths) => none("read-only paths stay as they are")(paths && [paths]) && undefined,
  };
}

function networkRules(things: Things): Rules<NetworkRequest> {
  const { policy } = things;
  const { keep } = plainRules(policy);
  const publish = () => need(policy, "networks:publish", "publish ports");
  return {
    mode: async (mode) => {
      if (mode.kind === "host") throw beyond(policy, "the machine's network is not given away");
      if (mode.kind === "container")
        return { kind: "container", container: (await things.container(mode.container)).id };
      if (mode.kind === "default") return { kind: policy.unnamedNetwork };
      return mode.kind === "named" ? { kind: "named", name: await networkName(things, mode.name) } : mode;
    },
    endpoints: (endpoints) =>
      inOrder(endpoints, async (endpoint) => ({
        ...endpoint,
        network: await networkName(things, endpoint.network),
        links: await inOrder(endpoint.links ?? [], async ({ container, alias }) => ({
          container: (await things.container(container)).id,
          alias,
        })),
      })),
    exposedPorts: keep,
    ports: (ports) => {
      if (ports.length > 0) publish();
      return ports;
    },
    publishAll: (all) => {
      if (all) publish();
      return all;
    },
    dns: keep,
    dnsOptions: keep,
    dnsSearch: keep,
    extraHosts: keep,
  };
}

/** The name of a network that a container may be on: the default one, none, or one of the scope. */
export async function networkName(things: Things, reference: string): Promise<string> {
  if (["default", "bridge", "none"].includes(reference)) return reference;
  return (await things.network(reference)).name;
}

async function mountRule({ things, volumes }: Creation, mount: MountRequest): Promise<MountRequest> {
  const { policy } = things;
  switch (mount.type) {
    case "tmpfs":
      return mount;
    case "image":
      return { ...mount, image: imageName(policy, mount.image) };
    case "secret":
      return { ...mount, secret: things.data("secret", mount.secret).name };
    case "config":
      return { ...mount, config: things.data("config", mount.config).name };
    case "volume": {
      if (mount.driver !== undefined && mount.driver !== "local")
        throw beyond(policy, "volumes have the driver local");
      if (Object.keys(mount.driverOptions).length > 0)
        throw beyond(policy, "options of a volume lead to files of the machine");
      const labels = labelled(policy, mount.labels);
      if (mount.name !== undefined) await ownVolume({ things, volumes }, mount.name, labels);
      return { ...mount, labels };
    }
    default:
      throw beyond(policy, `${mount.target}: files of the machine are not given away`);
  }
}

/** Has a volume be there, and in the scope. */
async function ownVolume(
  { things, volumes }: Creation,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const isThere = (await things.volumes()).some((volume) => volume.name === name);
  if (isThere) return;
  need(things.policy, "volumes:create", `make the volume ${name}`);
  await makeOwnVolume({ things, volumes }, { name, labels, options: {} });
}

/** Makes a volume in the scope, or gives the one that is there. @throws DOCKER_SCOPE for one that is somebody else's */
export async function makeOwnVolume(
  { things, volumes }: Creation,
  request: Parameters<DockerPorts["volumes"]["create"]>[0],
) {
  // Whether it was there before or somebody else was faster: only its labels tell whose it is.
  const { name } = await volumes.create(request);
  const own = (await things.volumes()).find((volume) => volume.name === name);
  if (own !== undefined) return own;
  throw beyond(things.policy, `the name ${name} is taken by a volume that is not in its scope`);
}

async function volumesOf(things: Things, source: string): Promise<string> {
  const [, reference = source, mode = ""] = /^(.*?)((?::(?:ro|rw|z|Z))*)$/s.exec(source) ?? [];
  const { id, mounts, name } = await things.container(reference);
  if (mounts.some(({ type }) => type === "bind"))
    throw beyond(things.policy, `the container ${name} has files of the machine, which are not passed on`);
  const inside = new Set((await things.volumes()).map((volume) => volume.name));
  const anonymous = new Set(mounts.flatMap((mount) => (mount.type === "volume" ? [mount.name ?? ""] : [])));
  for (const volume of anonymous) {
    if (!inside.has(volume))
      throw beyond(things.policy, `the container ${name} has a volume of another scope`);
  }
  return `${id}${mode}`;
}

async function namespaceRule(
  things: Things,
  kind: string,
  mode: NamespaceMode | undefined,
): Promise<NamespaceMode | undefined> {
  if (mode?.mode === "container")
    return { mode: "container", container: (await things.container(mode.container)).id };
  if (mode?.mode === "host")
    throw beyond(things.policy, `the ${kind} namespace of the machine is not given away`);
  return mode;
}

function imageName(policy: Policy, name: string): string {
  if (name.startsWith("@")) throw beyond(policy, `${name} shows files of the machine`);
  return name;
}

function plainRules(policy: Policy) {
  const keep = <T>(value: T): T => value;
  /** Only nothing passes: undefined, false, an empty list or object. */
  const none =
    (why: string) =>
    <T>(value: T): T => {
      const isNothing =
        typeof value === "object" && value !== null
          ? Object.keys(value).length === 0
          : value === undefined || value === false;
      if (!isNothing) throw beyond(policy, why);
      return value;
    };
  return { keep, none };
}

async function inOrder<T>(values: readonly T[], rule: (value: T) => T | Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (const value of values) made.push(await rule(value));
  return made;
}
