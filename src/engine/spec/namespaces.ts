import type { LinuxNamespace } from "../../specs/oci-runtime/index.ts";
import type { SharedNamespaces, SpecInput } from "./input.ts";
import { runsSystemd } from "./systemd.ts";

/** Which namespaces are made, which are another container's, and which are the host's (left out). */
export function specNamespaces(input: SpecInput): LinuxNamespace[] {
  const { namespaces: wanted, network, from } = input.request;
  const list: LinuxNamespace[] = [{ type: "mount" }];
  const add = (namespace: LinuxNamespace | undefined, origin: string | undefined): void => {
    if (namespace === undefined) return;
    input.origins.note(`/linux/namespaces/${list.length}`, origin);
    list.push(namespace);
  };
  const uts = wanted.uts?.mode ?? "private";
  add(uts === "host" ? undefined : { type: "uts" }, from["namespaces.uts"]);
  add(shared(input, "pid", wanted.pid), from["namespaces.pid"]);
  add(shared(input, "ipc", wanted.ipc), from["namespaces.ipc"]);
  add(networkNamespace(input, network.mode), from["network.mode"]);
  add(cgroupMode(input) === "host" ? undefined : { type: "cgroup" }, from["namespaces.cgroup"]);
  return list;
}

/** As Docker: its own view of v2, the host's of v1; its own in any case where systemd boots in it. */
export function cgroupMode({ request, facts }: SpecInput): "private" | "host" {
  const asked = request.namespaces.cgroup?.mode;
  if (asked === "host" || asked === "private") return asked;
  if (runsSystemd(request)) return "private";
  const unified = facts.cgroupMounts.some(
    ({ mountPoint, type }) => mountPoint === "/sys/fs/cgroup" && type === "cgroup2",
  );
  return unified ? "private" : "host";
}

function shared(
  input: SpecInput,
  kind: "pid" | "ipc",
  mode: SpecInput["request"]["namespaces"]["pid"],
): LinuxNamespace | undefined {
  if (mode?.mode === "host") return undefined;
  if (mode?.mode === "container") return { type: kind, path: sharedPath(input, kind) };
  return { type: kind };
}

function networkNamespace(
  input: SpecInput,
  mode: SpecInput["request"]["network"]["mode"],
): LinuxNamespace | undefined {
  if (mode.kind === "host") return undefined;
  if (mode.kind === "container") return { type: "network", path: sharedPath(input, "net") };
  if (mode.kind === "named" || input.hasNetworkNamespace)
    return { type: "network", path: input.networkNamespace };
  return { type: "network" };
}

function sharedPath({ shared }: SpecInput, kind: keyof SharedNamespaces): string {
  const path = shared[kind];
  if (path === undefined) throw new Error(`the ${kind} namespace of the other container was not looked up`);
  return path;
}
