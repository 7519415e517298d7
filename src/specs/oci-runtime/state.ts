/** Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#state */
export type ContainerStatus = "creating" | "created" | "running" | "stopped";

/** What `state` prints and hooks read from their standard input. `pid` is absent once the container has stopped. */
export type State = {
  ociVersion: string;
  id: string;
  status: ContainerStatus;
  pid?: number;
  bundle: string;
  annotations?: Readonly<Record<string, string>>;
};

/**
 * What goes to the socket `seccomp.listenerPath` together with the descriptors that `fds` names.
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#the-container-process-state
 */
export type ContainerProcessState = {
  ociVersion: string;
  fds: readonly string[];
  pid: number;
  metadata?: string;
  state: State;
};

/** The name in `fds` of the descriptor that the seccomp system call returned. */
export const SECCOMP_FD_NAME = "seccompFd";
