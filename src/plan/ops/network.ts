import { field as f } from "../field.ts";
import { netlinkProtocols } from "../flags.ts";
import { defineOps } from "./define.ts";

const prepare = { host: ["prepare"] } as const;

/** Network namespaces and what is in them. */
export const networkOps = defineOps({
  networkNamespace: {
    doc: "Makes a network namespace and keeps it alive by a mount on a new file; the helper stays in its own.",
    source: "network_namespaces(7), ip-netns(8)",
    legal: prepare,
    fields: { path: f.hostPath("the file, which must not exist"), out: f.out("the namespace") },
  },
  releaseNamespace: {
    doc: "Takes the mount off the file that kept a namespace alive and removes the file; what is gone already is no failure.",
    source: "umount(2)",
    legal: prepare,
    fields: { path: f.hostPath("the file") },
  },
  networkSetting: {
    doc: "Writes a kernel parameter of a network namespace.",
    source: "sysctl(8), https://docs.kernel.org/networking/ip-sysctl.html",
    legal: prepare,
    fields: {
      namespace: f.in("the network namespace"),
      key: f.text("path below /proc/sys/net"),
      value: f.text("what to write"),
    },
  },
  netlink: {
    doc: "Sends messages to the kernel in a network namespace. The first that it refuses is the failure, with its own words where it has some; later ones may have been carried out.",
    source: "netlink(7), include/uapi/linux/netlink.h",
    legal: prepare,
    fields: {
      what: f.text("what the messages ask for, for people"),
      protocol: f.u32("ROUTE, NETFILTER", { form: netlinkProtocols }),
      namespace: f.in("network namespace; left out: the helper's own", { optional: true }),
      messages: f.bytes("complete netlink messages"),
      places: f.numbers("offsets of u32 in them that become numbers of descriptors", { optional: true }),
      descriptors: f.ins("those descriptors", { optional: true }),
      tag: f.u32("number under which the kernel's answers are returned; 0: they are not", { optional: true }),
    },
  },
  networkDevice: {
    doc: "Checks that the helper's network namespace has a device of that name.",
    source: "rtnetlink(7)",
    legal: prepare,
    fields: { name: f.text("the device") },
  },
  moveDevice: {
    doc: "Moves a device from the helper's network namespace into init's, where nothing may have its new name, gives it back those of its addresses that are permanent and of global scope, and switches it on. One that is refused an address there goes back.",
    source:
      "rtnetlink(7); https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#network-devices",
    legal: { host: ["attend"] },
    fields: {
      name: f.text("the device"),
      target: f.text("its name in the container; %d in it becomes the first number that is free"),
    },
  },
});
