import { test } from "node:test";
import { assertRefused, sampleMappings, withLinux } from "./testing/configuration.ts";

const user = { namespaces: [{ type: "user" }] };
const ids = sampleMappings;
const refusedLinux: [string, object, string][] = [
  [
    "an unknown namespace",
    { namespaces: [{ type: "pid" }, { type: "disk" }] },
    '/linux/namespaces/1/type: expected one of pid, network, mount, ipc, uts, user, cgroup, time, found text "disk"',
  ],
  [
    "a namespace twice",
    { namespaces: [{ type: "pid" }, { type: "ipc" }, { type: "pid" }] },
    "/linux/namespaces/2/type: pid is already given at /linux/namespaces/0",
  ],
  [
    "a relative namespace path",
    { namespaces: [{ type: "pid", path: "ns" }] },
    '/linux/namespaces/0/path: expected an absolute path, found text "ns"',
  ],
  [
    "a mapping of nothing",
    { uidMappings: [{ containerID: 0, hostID: 0, size: 0 }] },
    "/linux/uidMappings/0/size: expected an integer from 1 to 4294967295, found number 0",
  ],
  [
    "overlapping mappings",
    { uidMappings: [...ids, { containerID: 9, hostID: 5000, size: 1 }] },
    "/linux/uidMappings/1/containerID: it overlaps another entry",
  ],
  [
    "a mapping out of range",
    { uidMappings: [{ containerID: 4294967290, hostID: 0, size: 6 }] },
    "/linux/uidMappings/0/containerID: its range ends above 4294967294",
  ],
  [
    "mappings without user namespace",
    { uidMappings: ids, gidMappings: ids },
    "/linux/uidMappings: there is no user namespace",
  ],
  [
    "a user namespace without mappings",
    { ...user, uidMappings: ids },
    "/linux/gidMappings: a new user namespace needs mappings",
  ],
  [
    "an unknown clock",
    { timeOffsets: { realtime: {} } },
    "/linux/timeOffsets/realtime: a time namespace has no such clock",
  ],
  [
    "offsets without time namespace",
    { timeOffsets: { boottime: { secs: 1 } } },
    "/linux/timeOffsets: there is no time namespace",
  ],
  [
    "offsets of a joined namespace",
    { namespaces: [{ type: "time", path: "/x" }], timeOffsets: { boottime: { secs: 1 } } },
    "/linux/timeOffsets: the clocks of a joined namespace cannot be set",
  ],
  [
    "a device without number",
    { devices: [{ path: "/dev/x", type: "c", major: 1 }] },
    "/linux/devices/0/minor: it is missing",
  ],
  [
    "a kind of device",
    { devices: [{ path: "/dev/x", type: "x" }] },
    '/linux/devices/0/type: expected one of c, b, u, p, found text "x"',
  ],
  [
    "a name of an interface",
    { netDevices: { "a/b": {} } },
    '/linux/netDevices/a~1b: "a/b" is no name of a network device',
  ],
  [
    "devices without network namespace",
    { netDevices: { eth0: {} } },
    "/linux/netDevices: there is no network namespace to move them to",
  ],
  [
    "a template for a name",
    { netDevices: { eth0: { name: "a%s" } } },
    '/linux/netDevices/eth0/name: "a%s" is no template of a name',
  ],
  [
    "two devices of one name",
    { namespaces: [{ type: "network" }], netDevices: { eth0: { name: "a" }, a: {} } },
    "/linux/netDevices/a: another device is called a, too",
  ],
  [
    "masks without mount namespace",
    { maskedPaths: ["/proc/kcore"] },
    "/linux/maskedPaths: it would hide the host's: there is no mount namespace",
  ],
  [
    "a relative mask",
    { maskedPaths: ["proc"] },
    '/linux/maskedPaths/0: expected an absolute path, found text "proc"',
  ],
  [
    "a propagation",
    { rootfsPropagation: "public" },
    '/linux/rootfsPropagation: expected one of shared, slave, private, unbindable, rshared, rslave, rprivate, runbindable, found text "public"',
  ],
  [
    "a personality",
    { personality: { domain: "BSD" } },
    '/linux/personality/domain: expected one of LINUX, LINUX32, found text "BSD"',
  ],
  [
    "a policy without nodes",
    { memoryPolicy: { mode: "MPOL_BIND", nodes: " " } },
    "/linux/memoryPolicy/nodes: MPOL_BIND needs at least one node",
  ],
  [
    "a policy with nodes",
    { memoryPolicy: { mode: "MPOL_LOCAL", nodes: "0" } },
    "/linux/memoryPolicy/nodes: MPOL_LOCAL takes no nodes",
  ],
  [
    "a class of service",
    { intelRdt: { closID: ".." } },
    '/linux/intelRdt/closID: ".." is no class of service',
  ],
  [
    "a bandwidth schema",
    { intelRdt: { memBwSchema: "L3:0=f" } },
    "/linux/intelRdt/memBwSchema: it does not begin with MB:",
  ],
  [
    "a parameter of the machine",
    { sysctl: { "vm.swappiness": "1" } },
    "/linux/sysctl/vm.swappiness: vm.swappiness belongs to the whole machine",
  ],
  [
    "a parameter of the host's network",
    { sysctl: { "net/ipv4/ip_forward": "1" } },
    "/linux/sysctl/net~1ipv4~1ip_forward: it would change the host's: there is no network namespace",
  ],
  [
    "a parameter that leaves /proc/sys",
    { sysctl: { "net/../../x": "1" } },
    "/linux/sysctl/net~1..~1..~1x: its name is no kernel parameter",
  ],
  [
    "the host name as parameter",
    { namespaces: [{ type: "uts" }], sysctl: { "kernel.hostname": "x" } },
    "/linux/sysctl/kernel.hostname: the host name has a member of its own",
  ],
];
for (const [name, linux, sentence] of refusedLinux) {
  test(`linux: ${name} is refused`, () => assertRefused(withLinux(linux), sentence));
}
