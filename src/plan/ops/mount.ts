import { field as f } from "../field.ts";
import {
  cloneFlags,
  cloneMountFlags,
  erofsFlags,
  mountAttributes,
  nodeTypes,
  propagationFlags,
} from "../flags.ts";
import { defineOps } from "./define.ts";

const mount = { init: ["mount"] } as const;
const inRoot = { init: ["mount", "root"] } as const;
const root = f.in("the container's root directory");
const set = f.u64("attributes to set", { optional: true, form: mountAttributes });
const clear = f.u64("attributes to clear; the atime mode is cleared with __ATIME", {
  optional: true,
  form: { ...mountAttributes, __ATIME: 0x70 },
});
const propagation = f.u32("propagation type, 0 leaves it", { optional: true, form: propagationFlags });
const recursive = f.u32("1: submounts too", { optional: true });

/** Mounts and what is made inside the container's root. */
export const mountOps = defineOps({
  cloneMount: {
    doc: "Clones the mount tree at a host path into a detached mount: before the clone, or for a caller without rights in the new mount namespace, before the root is built.",
    source: "open_tree(2) OPEN_TREE_CLONE",
    legal: { host: ["prepare"], init: ["mount"] },
    fields: {
      path: f.hostPath("source of the bind mount"),
      flags: f.u32("RECURSIVE, NOFOLLOW", { optional: true, form: cloneMountFlags }),
      out: f.out("the detached mount"),
    },
  },
  changeMount: {
    doc: "Changes attributes, propagation or id mapping of a detached mount.",
    source: "mount_setattr(2)",
    legal: { host: ["prepare"], init: ["mount"] },
    fields: {
      mount: f.in("the detached mount"),
      set,
      clear,
      propagation,
      recursive,
      userNamespace: f.in("map ids as this user namespace does", { optional: true }),
    },
  },
  scratch: {
    doc: "Mounts a fresh tmpfs on a directory in the container's mount namespace and makes directories in it.",
    source: "tmpfs(5)",
    legal: mount,
    fields: { path: f.hostPath("where"), directories: f.texts("names to make, mode 0755") },
  },
  overlay: {
    doc: "Makes a detached overlay mount; lower directories are given topmost first.",
    source: "https://docs.kernel.org/filesystems/overlayfs.html",
    legal: { host: ["prepare"], init: ["mount"] },
    fields: {
      lowers: f.texts("lower directories, host paths"),
      upper: f.hostPath("upper directory; empty: read-only", { optional: true }),
      work: f.hostPath("work directory", { optional: true }),
      options: f.texts("further options such as metacopy=off", { optional: true }),
      out: f.out("the detached mount"),
    },
  },
  erofs: {
    doc: "Makes a detached read-only mount of an EROFS image whose files may have their data in other files. Programs cannot be started from it, nor devices opened, but through an overlay.",
    source: "https://docs.kernel.org/filesystems/erofs.html",
    legal: { host: ["prepare"] },
    fields: {
      image: f.hostPath("the image, a file"),
      devices: f.texts("the other files, host paths, in the order of the image's own table"),
      flags: f.u32("DIRECT reads past the page cache of the files, LOOP mounts loop devices on them", {
        optional: true,
        form: erofsFlags,
      }),
      out: f.out("the detached mount"),
    },
  },
  attachOnHost: {
    doc: "Attaches a detached mount on a directory of the host, where it stays.",
    source: "move_mount(2)",
    legal: { host: ["prepare"] },
    fields: { mount: f.in("the detached mount"), path: f.hostPath("the directory") },
  },
  releaseMount: {
    doc: "Takes the topmost mount off a directory of the host, also if it is in use, and removes the directory; what is gone already is no failure.",
    source: "umount(2) MNT_DETACH",
    legal: { host: ["prepare"] },
    fields: { path: f.hostPath("the directory") },
  },
  attach: {
    doc: "Attaches a detached mount inside the root: makes the target (directory, or file for a file) and resolves it again at the moment of use.",
    source: "move_mount(2); CVE-2021-30465, CVE-2019-19921",
    legal: mount,
    fields: {
      root,
      mount: f.in("the detached mount"),
      target: f.rootPath("where"),
      copyUp: f.u32("1: first copy what is at the target into the new mount (tmpcopyup)", { optional: true }),
      inside: f.rootPath("what of the mount is shown instead of all of it, resolved inside of it", {
        optional: true,
      }),
    },
  },
  mountFs: {
    doc: "Mounts a file system inside the root; where the kernel refuses with EPERM or EBUSY and an alternative is named, that host path is bound instead.",
    source: "fsopen(2), move_mount(2)",
    legal: mount,
    fields: {
      root,
      target: f.rootPath("where"),
      type: f.text("file system type"),
      source: f.text("source string", { optional: true }),
      options: f.texts("options of the file system", { optional: true }),
      set,
      copyUp: f.u32("1: copy what is at the target into the new mount first (tmpcopyup)", { optional: true }),
      else: f.hostPath("what to bind instead, empty for nothing", { optional: true }),
      label: f.text("SELinux label of its root, where the file system takes none as an option", {
        optional: true,
      }),
    },
  },
  setMount: {
    doc: "Changes attributes or propagation of the mount at a place inside the root.",
    source: "mount_setattr(2)",
    legal: inRoot,
    fields: { root, target: f.rootPath("where"), set, clear, propagation, recursive },
  },
  propagation: {
    doc: "Sets the propagation of every mount of the new mount namespace, before anything is mounted.",
    source: "mount_namespaces(7)",
    legal: { init: ["enter"] },
    fields: { propagation: f.u32("propagation type", { form: propagationFlags }) },
  },
  root: {
    doc: "Puts the root file system's mount onto a directory, makes the mount around it private, and opens it as the container's root.",
    source: "pivot_root(2)",
    legal: mount,
    fields: {
      path: f.hostPath("directory that the root is mounted on"),
      mount: f.in("the detached mount"),
      out: f.out("the container's root directory"),
    },
  },
  device: {
    doc: "Makes a device node inside the root; an existing node of the same kind and number is kept, anything else there is an error. With bind set, the host's node is bound instead of made.",
    source: "mknodat(2); CVE-2026-41579",
    legal: mount,
    fields: {
      root,
      path: f.rootPath("the node"),
      type: f.u32("kind of node", { form: nodeTypes }),
      major: f.u32("major number", { optional: true }),
      minor: f.u32("minor number", { optional: true }),
      mode: f.u32("permission bits", { form: "octal" }),
      uid: f.u32("owner", { optional: true }),
      gid: f.u32("group", { optional: true }),
      bind: f.hostPath("host node to bind where nodes may not be made (user namespaces)", { optional: true }),
    },
  },
  symlink: {
    doc: "Makes a symbolic link inside the root; an existing one with the same target is kept.",
    source: "symlinkat(2)",
    legal: mount,
    fields: { root, path: f.rootPath("the link"), target: f.text("what it points to") },
  },
  makeDirectory: {
    doc: "Makes a directory inside the root and what is missing above it; an existing one is kept.",
    source: "mkdirat(2)",
    legal: inRoot,
    fields: {
      root,
      path: f.rootPath("the directory"),
      mode: f.u32("permission bits", { form: "octal" }),
      uid: f.u32("owner", { optional: true }),
      gid: f.u32("group", { optional: true }),
    },
  },
  console: {
    doc: "Allocates a terminal in the container's own devpts after checking what it opened, makes it the controlling terminal and descriptors 0 to 2, and sends its master over a socket.",
    source: "ioctl_tty(2) TIOCGPTPEER; CVE-2025-52565",
    legal: { init: ["mount", "root"] },
    fields: {
      root: f.in("the container's root directory; without it the root of the process (exec)", {
        optional: true,
      }),
      socket: f.in("unix socket that receives the master with the name of the terminal"),
      rows: f.u32("height in characters, 0 leaves it", { optional: true }),
      columns: f.u32("width in characters", { optional: true }),
      mount: f.u32("1: put the terminal at /dev/console", { optional: true }),
      uid: f.u32("owner of the terminal", { optional: true }),
    },
  },
  pivot: {
    doc: "Makes the container's root the root of the mount namespace and detaches the old one.",
    source: "pivot_root(2)",
    legal: { init: ["root"] },
    fields: {
      root,
      propagation: f.u32("propagation of the new root, 0 leaves it", {
        optional: true,
        form: propagationFlags,
      }),
    },
  },
  moveRoot: {
    doc: "The same with mount(MS_MOVE) and chroot, for a root on a ramfs, which cannot be pivoted away from.",
    source: "ramfs-rootfs-initramfs.rst",
    legal: { init: ["root"] },
    fields: { root },
  },
  changeRoot: {
    doc: "chroot without a mount namespace of its own.",
    source: "chroot(2)",
    legal: { init: ["root"] },
    fields: { root },
  },
  mask: {
    doc: "Hides a path: a read-only empty tmpfs over a directory, the checked null device over anything else; an absent path is left.",
    source: "CVE-2025-31133",
    legal: { init: ["root"] },
    fields: {
      root,
      path: f.rootPath("what to hide"),
      label: f.text("SELinux label of the empty directory", { optional: true }),
    },
  },
  readOnly: {
    doc: "Makes a path read-only by binding it onto itself, keeping the flags of the mount it lies on; an absent path is left.",
    source: "mount_setattr(2)",
    legal: { init: ["root"] },
    fields: { root, path: f.rootPath("what to protect") },
  },
  sysctl: {
    doc: "Writes a kernel parameter through a procfs that was checked to be one.",
    source: "CVE-2025-52881",
    legal: { init: ["root"] },
    fields: { key: f.text("path below /proc/sys"), value: f.text("what to write") },
  },
  loopbackUp: {
    doc: "Switches the loopback device of the network namespace on.",
    source: "netdevice(7) SIOCSIFFLAGS",
    legal: { init: ["enter"] },
    fields: {},
  },
  ownNetwork: {
    doc: "Enters a network namespace of its own with the loopback device on: the one that was made ahead, if there is one, else a new one.",
    source: "network_namespaces(7)",
    legal: { init: ["enter"] },
    fields: { ahead: f.in("what `networkAhead` opened, if anything") },
  },
  timeNamespace: {
    doc: "Makes a time namespace for the children of this process and sets its clocks, which must happen before a process is in it.",
    source: "time_namespaces(7)",
    legal: { stage: ["enter"] },
    fields: { offsets: f.text("lines for /proc/self/timens_offsets") },
  },
  hostName: {
    doc: "Sets the host name.",
    source: "sethostname(2)",
    legal: { init: ["enter"] },
    fields: { name: f.text("the name") },
  },
  domainName: {
    doc: "Sets the NIS domain name.",
    source: "setdomainname(2)",
    legal: { init: ["enter"] },
    fields: { name: f.text("the name") },
  },
  join: {
    doc: "Enters namespaces: user namespaces in the pass where they grant the rights for the rest, the mount namespace last.",
    source: "setns(2)",
    legal: { stage: ["enter"], init: ["enter"] },
    fields: {
      namespaces: f.ins("namespace files in the order to enter them", { optional: true }),
      process: f.in("pidfd whose namespaces to enter", { optional: true }),
      flags: f.u32("which of the pidfd's namespaces", { optional: true, form: cloneFlags }),
    },
  },
  spawn: {
    doc: "Clones the container's process as a child of the process that executes the host list; on v2 it is born inside its group.",
    source: "clone(2) clone3, CLONE_INTO_CGROUP, CLONE_PARENT",
    legal: { stage: ["enter"] },
    fields: {
      flags: f.u32("namespaces to make", { optional: true, form: cloneFlags }),
      group: f.in("v2 control group", { optional: true }),
      title: f.text("what the process title shows after the role: the container's id", { optional: true }),
    },
  },
  unshare: {
    doc: "Makes a further namespace for the calling process: the cgroup namespace, whose root is where the process is by now.",
    source: "unshare(2), cgroup_namespaces(7)",
    legal: { init: ["enter"] },
    fields: { flags: f.u32("namespaces to make", { form: cloneFlags }) },
  },
});
