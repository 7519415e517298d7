/** Debian packages that are fetched together, and the programs in them that the tests call. */
export type PackageSet = {
  /** Debian release that the packages come from, whatever the machine runs. */
  readonly release: string;
  /** Packages to fetch, together with everything that they depend on. */
  readonly packages: readonly string[];
  /** Name of each program to its path below the set's root. */
  readonly programs: Readonly<Record<string, string>>;
  /** What `dpkg --print-architecture` must say; any architecture where absent. */
  readonly architecture?: string;
};

/**
 * What the tests take from Debian, by purpose. A set has its own directory with all libraries, its libc included, so
 * that it neither depends on what the machine has installed nor on the other sets.
 */
export const packageSets = {
  images: {
    release: "trixie",
    packages: ["busybox-static", "docker-registry", "skopeo", "umoci"],
    programs: {
      busybox: "usr/bin/busybox",
      "docker-registry": "usr/bin/docker-registry",
      skopeo: "usr/bin/skopeo",
      umoci: "usr/bin/umoci",
    },
  },
  clients: {
    release: "trixie",
    packages: ["docker-cli", "docker-compose"],
    programs: {
      docker: "usr/bin/docker",
      "docker-compose": "usr/libexec/docker/cli-plugins/docker-compose",
    },
  },
  runtimes: {
    release: "trixie",
    packages: ["crun", "runc"],
    programs: { crun: "usr/bin/crun", runc: "usr/sbin/runc" },
  },
  sandboxes: {
    release: "bookworm",
    packages: ["runsc"],
    programs: { runsc: "usr/bin/runsc" },
  },
  terminal: {
    release: "trixie",
    packages: ["strace", "tmux"],
    programs: { strace: "usr/bin/strace", tmux: "usr/bin/tmux" },
  },
  groups: {
    release: "trixie",
    packages: ["cgroup-tools"],
    programs: {
      cgcreate: "usr/bin/cgcreate",
      cgdelete: "usr/bin/cgdelete",
      cgexec: "usr/bin/cgexec",
      cgset: "usr/bin/cgset",
    },
  },
  containerd: {
    release: "trixie",
    packages: ["containerd", "docker.io"],
    programs: {
      containerd: "usr/bin/containerd",
      "containerd-shim-runc-v2": "usr/bin/containerd-shim-runc-v2",
      ctr: "usr/bin/ctr",
      dockerd: "usr/sbin/dockerd",
    },
  },
  /** For the bench: the first release whose containerd unpacks layers as erofs, and what it calls for it. */
  erofs: {
    release: "forky",
    packages: ["containerd", "erofs-utils", "isal"],
    programs: {
      "containerd-2": "usr/bin/containerd",
      "ctr-2": "usr/bin/ctr",
      igzip: "usr/bin/igzip",
      "mkfs.erofs": "usr/bin/mkfs.erofs",
    },
  },
  podman: {
    release: "trixie",
    packages: ["buildah", "conmon", "nftables", "podman"],
    programs: {
      buildah: "usr/bin/buildah",
      conmon: "usr/bin/conmon",
      netavark: "usr/lib/podman/netavark",
      nft: "usr/sbin/nft",
      podman: "usr/bin/podman",
    },
  },
  users: {
    release: "trixie",
    packages: ["uidmap"],
    programs: { newgidmap: "usr/bin/newgidmap", newuidmap: "usr/bin/newuidmap" },
  },
  checkpoints: {
    release: "trixie",
    packages: ["criu"],
    programs: { criu: "usr/sbin/criu" },
  },
  ssh: {
    release: "trixie",
    packages: ["openssh-client", "openssh-server"],
    programs: {
      ssh: "usr/bin/ssh",
      "ssh-keygen": "usr/bin/ssh-keygen",
      sshd: "usr/sbin/sshd",
      "sshd-auth": "usr/lib/openssh/sshd-auth",
      "sshd-session": "usr/lib/openssh/sshd-session",
    },
  },
  systemd: {
    release: "trixie",
    packages: ["dbus-user-session", "systemd"],
    programs: { systemctl: "usr/bin/systemctl" },
  },
  /** Becomes a container's root as it is; so none of its programs is rewritten. */
  system: {
    release: "trixie",
    packages: ["busybox-static", "dbus", "libc-bin", "systemd-sysv", "util-linux"],
    programs: {},
  },
  bootstrap: {
    release: "trixie",
    packages: ["debootstrap", "wget"],
    programs: { debootstrap: "usr/sbin/debootstrap", wget: "usr/bin/wget" },
  },
  selinux: {
    release: "trixie",
    packages: ["secilc"],
    programs: { secilc: "usr/bin/secilc" },
  },
  vm: {
    release: "trixie",
    packages: ["e2fsprogs", "linux-image-cloud-amd64", "qemu-system-x86"],
    programs: {
      mke2fs: "usr/sbin/mke2fs",
      "qemu-system-x86_64": "usr/bin/qemu-system-x86_64",
    },
    architecture: "amd64",
  },
} as const satisfies Readonly<Record<string, PackageSet>>;

export type SetName = keyof typeof packageSets;

/** Name of a program in one of the sets. */
export type ProgramName = { [S in SetName]: keyof (typeof packageSets)[S]["programs"] }[SetName];
