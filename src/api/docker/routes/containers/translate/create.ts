import type { CreateContainerRequest, StdioRequest } from "../../../../../engine/index.ts";
import type { dockerApi } from "../../../../../specs/index.ts";
import { translateHealthcheck, translateRestart, translateSystemd } from "./lifecycle.ts";
import { translateMounts } from "./mounts.ts";
import { translateSecretEnv } from "./named-data.ts";
import { translateNamespaces } from "./namespaces.ts";
import { translateNetwork } from "./network.ts";
import { createOriginCollector, refuse, refuseUnsupported } from "./origins.ts";
import { translateResources, translateUlimit } from "./resources.ts";
import { translateSecurity } from "./security.ts";

/** What comes beside the body: query parameters of POST /containers/create. */
export type CreateQuery = {
  readonly name?: string | undefined;
  readonly platform?: dockerApi.Platform | undefined;
};

/**
 * The engine's request for a create body. Pure.
 *
 * @throws DOCKER_CREATE_VALUE or DOCKER_CREATE_UNSUPPORTED with the JSON pointer of the field
 */
export function translateCreate(body: dockerApi.CreateBody, query: CreateQuery): CreateContainerRequest {
  const host = body.HostConfig ?? {};
  const origins = createOriginCollector();
  const { given, exactly } = origins;
  if (!body.Image) throw refuse(["Image"], "no image was named");
  refuseForeignPlatforms(host);
  return {
    name: query.name || undefined,
    image: body.Image,
    platform: query.platform,
    command: given("command", ["Cmd"], body.Cmd),
    entrypoint: entrypointOf(given("entrypoint", ["Entrypoint"], body.Entrypoint)),
    env: (body.Env ?? []).map(checkEnv),
    workingDir: workingDirOf(given("workingDir", ["WorkingDir"], body.WorkingDir)),
    user: given("user", ["User"], body.User),
    groupAdd: given("groupAdd", ["HostConfig", "GroupAdd"], host.GroupAdd) ?? [],
    hostname: given("hostname", ["Hostname"], body.Hostname),
    domainname: given("domainname", ["Domainname"], body.Domainname),
    labels: body.Labels ?? {},
    annotations: host.Annotations ?? {},
    stdio: translateStdio(body),
    stopSignal: given("stopSignal", ["StopSignal"], body.StopSignal),
    stopTimeoutSeconds: exactly("stopTimeoutSeconds", ["StopTimeout"], body.StopTimeout),
    healthcheck: translateHealthcheck(body.Healthcheck),
    restart: translateRestart(host),
    autoRemove: host.AutoRemove ?? false,
    init: exactly("init", ["HostConfig", "Init"], host.Init),
    systemd: translateSystemd(body, origins),
    mounts: translateMounts(body),
    secretEnv: translateSecretEnv(host.Secrets ?? []),
    volumesFrom: given("volumesFrom", ["HostConfig", "VolumesFrom"], host.VolumesFrom) ?? [],
    shmSizeBytes: positive(given("shmSizeBytes", ["HostConfig", "ShmSize"], host.ShmSize)),
    storageOptions: given("storageOptions", ["HostConfig", "StorageOpt"], host.StorageOpt) ?? {},
    namespaces: translateNamespaces(host, origins),
    network: translateNetwork(body, origins),
    resources: translateResources(host, origins),
    security: translateSecurity(host, origins),
    ulimits: (host.Ulimits ?? []).map(translateUlimit),
    sysctls: given("sysctls", ["HostConfig", "Sysctls"], host.Sysctls) ?? {},
    oomScoreAdj: oomScoreOf(given("oomScoreAdj", ["HostConfig", "OomScoreAdj"], host.OomScoreAdj)),
    logging: { driver: host.LogConfig?.Type || "json-file", options: host.LogConfig?.Config ?? {} },
    runtime: given("runtime", ["HostConfig", "Runtime"], host.Runtime),
    containerIdFile: host.ContainerIDFile || undefined,
    from: origins.all,
  };
}

function translateStdio(body: dockerApi.CreateBody): StdioRequest {
  const [height, width] = body.HostConfig?.ConsoleSize ?? [0, 0];
  return {
    tty: body.Tty ?? false,
    openStdin: body.OpenStdin ?? false,
    stdinOnce: body.StdinOnce ?? false,
    attach: {
      stdin: body.AttachStdin ?? false,
      stdout: body.AttachStdout ?? false,
      stderr: body.AttachStderr ?? false,
    },
    consoleSize: height > 0 && width > 0 ? { height, width } : undefined,
  };
}

function refuseForeignPlatforms(host: dockerApi.HostConfig): void {
  if (host.Isolation && host.Isolation !== "default") {
    throw refuse(["HostConfig", "Isolation"], `isolation "${host.Isolation}" does not exist on Linux`);
  }
  if (host.Cgroup)
    throw refuseUnsupported(["HostConfig", "Cgroup"], "the cgroup of another container cannot be joined");
}

/** Clients write `--entrypoint ""` as a list of one empty text. */
function entrypointOf(entrypoint: readonly string[] | undefined): readonly string[] | undefined {
  return entrypoint?.length === 1 && entrypoint[0] === "" ? [] : entrypoint;
}

function checkEnv(variable: string, index: number): string {
  if (variable === "" || variable.startsWith("=")) {
    throw refuse(["Env", index], `invalid environment variable: ${variable}`);
  }
  return variable;
}

function workingDirOf(path: string | undefined): string | undefined {
  if (path === undefined || path.startsWith("/")) return path;
  throw refuse(["WorkingDir"], `the working directory '${path}' is invalid, it needs to be an absolute path`);
}

function positive(size: number | undefined): number | undefined {
  if (size === undefined || size > 0) return size;
  throw refuse(["HostConfig", "ShmSize"], "SHM size can not be less than 0");
}

function oomScoreOf(score: number | undefined): number | undefined {
  if (score === undefined || (score >= -1000 && score <= 1000)) return score;
  throw refuse(["HostConfig", "OomScoreAdj"], `${score} is not between -1000 and 1000`);
}
