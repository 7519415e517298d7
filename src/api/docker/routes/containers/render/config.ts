import type { CreateContainerRequest, HealthcheckRequest } from "../../../../../engine/index.ts";
import type { dockerApi } from "../../../../../specs/index.ts";
import { renderVolumes } from "./mounts.ts";

/** The Config that `inspect` shows: what the container was created with, the image's part filled in. */
export function renderConfig(spec: CreateContainerRequest): dockerApi.ContainerConfig {
  const { stdio } = spec;
  return {
    Hostname: spec.hostname ?? "",
    Domainname: spec.domainname ?? "",
    User: spec.user ?? "",
    AttachStdin: stdio.attach.stdin,
    AttachStdout: stdio.attach.stdout,
    AttachStderr: stdio.attach.stderr,
    ExposedPorts: Object.fromEntries(spec.network.exposedPorts.map((port) => [port, {}])),
    Tty: stdio.tty,
    OpenStdin: stdio.openStdin,
    StdinOnce: stdio.stdinOnce,
    Env: [...spec.env],
    Cmd: spec.command && [...spec.command],
    Entrypoint: renderEntrypoint(spec.entrypoint),
    Image: spec.image,
    Volumes: renderVolumes(spec.mounts),
    WorkingDir: spec.workingDir ?? "",
    Labels: spec.labels,
    StopSignal: spec.stopSignal,
    StopTimeout: spec.stopTimeoutSeconds,
    Healthcheck: spec.healthcheck && renderHealthcheck(spec.healthcheck),
  };
}

/** A reset entrypoint is a list of one empty text, as clients write it. */
function renderEntrypoint(entrypoint: readonly string[] | undefined): string[] | undefined {
  return entrypoint?.length === 0 ? [""] : entrypoint && [...entrypoint];
}

function renderHealthcheck(check: HealthcheckRequest): dockerApi.HealthConfig {
  return {
    Test: renderTest(check.test),
    Interval: check.interval,
    Timeout: check.timeout,
    StartPeriod: check.startPeriod,
    StartInterval: check.startInterval,
    Retries: check.retries,
    OnUnhealthy: check.onUnhealthy,
  };
}

function renderTest(test: HealthcheckRequest["test"]): string[] {
  switch (test.kind) {
    case "inherit":
      return [];
    case "none":
      return ["NONE"];
    case "exec":
      return ["CMD", ...test.args];
    case "shell":
      return ["CMD-SHELL", test.script];
  }
}
