/** Numbers of the kernel's interface that plans carry, named as the headers name them. */

/** Source: include/uapi/linux/sched.h */
export const cloneFlags = {
  NEWTIME: 0x80,
  NEWNS: 0x20000,
  NEWCGROUP: 0x2000000,
  NEWUTS: 0x4000000,
  NEWIPC: 0x8000000,
  NEWUSER: 0x10000000,
  NEWPID: 0x20000000,
  NEWNET: 0x40000000,
} as const;

/** Source: include/uapi/linux/netlink.h */
export const netlinkProtocols = { ROUTE: 0, NETFILTER: 12 } as const;

/** Attributes for mount_setattr(2). Source: include/uapi/linux/mount.h */
export const mountAttributes = {
  RDONLY: 0x1,
  NOSUID: 0x2,
  NODEV: 0x4,
  NOEXEC: 0x8,
  NOATIME: 0x10,
  STRICTATIME: 0x20,
  NODIRATIME: 0x80,
  NOSYMFOLLOW: 0x200000,
} as const;

/** The bits of mount_setattr(2) that hold the atime mode; 0 is relatime. */
export const ATIME_MASK = 0x70;

/** Propagation types for mount_setattr(2) and mount(2). Source: include/uapi/linux/mount.h */
export const propagationFlags = {
  UNBINDABLE: 0x20000,
  PRIVATE: 0x40000,
  SLAVE: 0x80000,
  SHARED: 0x100000,
} as const;

/** Our own bits for ops that walk a tree of mounts or follow names. */
export const cloneMountFlags = { RECURSIVE: 1, NOFOLLOW: 2 } as const;

/** open(2) flags in the x86-64 and arm64 encoding that ops use. */
export const openFlags = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  CREAT: 0o100,
  TRUNC: 0o1000,
  APPEND: 0o2000,
} as const;

/** Our own bits of the `directory` op. */
export const directoryFlags = { PARENTS: 1, MAY_EXIST: 2 } as const;

/** Our own bits of the `erofs` op. */
export const erofsFlags = { DIRECT: 1, LOOP: 2 } as const;

/** Our own bits of the `packTree` op. */
export const packFlags = { ONE_FILE_SYSTEM: 1, LISTING: 2, NO_KERNEL_FILES: 4 } as const;

/** Our own bits of the `unpackTree` op. */
export const unpackFlags = { KEEP_KINDS: 1 } as const;

/** Our own bits of the `callRuntime` op. */
export const callFlags = { STREAMS: 1 } as const;

/** Types of a device node, as mknod(2) takes them. */
export const nodeTypes = { CHAR: 0o020000, BLOCK: 0o060000, FIFO: 0o010000 } as const;

/** errno values that a plan may tolerate. Source: include/uapi/asm-generic/errno{-base,}.h */
export const errnos = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EIO: 5,
  ENXIO: 6,
  EBADF: 9,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  EROFS: 30,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  ELOOP: 40,
  EOPNOTSUPP: 95,
} as const;

export type ErrnoName = keyof typeof errnos;
