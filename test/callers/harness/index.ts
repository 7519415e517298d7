export { until } from "../../privileged/harness/until.ts";
export { type Containerd, needsContainerd, startContainerd } from "./containerd.ts";
export { type Dockerd, needsDockerd, startDockerd } from "./dockerd.ts";
export { aloneRuntime, type OciRuntime, residentRuntime } from "./oci-runtime.ts";
export { onOwnMachine } from "./own-machine.ts";
export { needsPodman, openPodman, type Podman } from "./podman.ts";
export { type Program, program } from "./program.ts";
export { needsSystemd, type Systemd, startSystemd } from "./systemd.ts";
