import type { CreateContainerRequest } from "../model/create-request.ts";

/** A request in which nothing but an image and a command was asked for. */
export function plainRequest(change: Partial<CreateContainerRequest> = {}): CreateContainerRequest {
  return {
    image: "busybox",
    command: ["sh"],
    env: [],
    groupAdd: [],
    labels: {},
    annotations: {},
    stdio: {
      tty: false,
      openStdin: false,
      stdinOnce: false,
      attach: { stdin: false, stdout: true, stderr: true },
    },
    restart: { policy: "no", maximumRetries: 0 },
    autoRemove: false,
    mounts: [],
    volumesFrom: [],
    storageOptions: {},
    namespaces: {},
    network: {
      mode: { kind: "none" },
      endpoints: [],
      exposedPorts: [],
      ports: [],
      publishAll: false,
      dns: [],
      dnsOptions: [],
      dnsSearch: [],
      extraHosts: [],
    },
    resources: {
      oomKillDisable: false,
      blkioWeightDevices: [],
      blkioThrottles: [],
      devices: [],
      deviceCgroupRules: [],
      cdiDevices: [],
    },
    security: { privileged: false, readonlyRootfs: false, capAdd: [], capDrop: [], labels: [] },
    ulimits: [],
    sysctls: {},
    logging: { options: {} },
    from: {},
    ...change,
  };
}
