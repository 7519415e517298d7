import type { ExecutionConfig } from "../../specs/oci-image/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { mergeEnvironment } from "../spec/environment.ts";

/** How containers of an image of a container are to be started: as the container itself was. */
export function committedConfig(
  base: ExecutionConfig,
  { request }: Pick<ContainerRecord, "request">,
): ExecutionConfig {
  const { command, entrypoint, user, workingDir, stopSignal, labels } = request;
  const volumes = request.mounts.flatMap((mount) => (mount.type === "volume" ? [mount.target] : []));
  const { Cmd, ...others } = base;
  const inherited = entrypoint === undefined ? Cmd : undefined;
  const line = command ?? inherited;
  return {
    ...others,
    Env: mergeEnvironment(base.Env ?? [], request.env),
    Labels: labels,
    ...(line && { Cmd: line }),
    ...(entrypoint && { Entrypoint: entrypoint }),
    ...(user !== undefined && { User: user }),
    ...(workingDir !== undefined && { WorkingDir: workingDir }),
    ...(stopSignal !== undefined && { StopSignal: stopSignal }),
    ...(volumes.length > 0 && { Volumes: { ...base.Volumes, ...emptyMembers(volumes) } }),
    ...(request.network.exposedPorts.length > 0 && {
      ExposedPorts: { ...base.ExposedPorts, ...emptyMembers(request.network.exposedPorts) },
    }),
  };
}

function emptyMembers(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}
