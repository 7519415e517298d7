const MB = 1024 * 1024;

/**
 * What a scoped socket with a quota of 64 MB, half a processor and 50 processes must not give to a container, beside the
 * container `victim` and the volume `vault` of another scope: the status, HostConfig, and other members of the body.
 */
export const forbiddenBodies: readonly (readonly [
  what: string,
  status: number,
  host: object,
  more?: object,
])[] = [
  ["a bind", 403, { Binds: ["/etc:/x"] }],
  ["a read-only bind", 403, { Binds: ["/:/x:ro"] }],
  ["a mount of type bind", 403, { Mounts: [{ Type: "bind", Source: "/etc", Target: "/x" }] }],
  [
    "a volume with options",
    403,
    {
      Mounts: [
        {
          Type: "volume",
          Source: "fresh",
          Target: "/x",
          VolumeOptions: {
            DriverConfig: { Name: "local", Options: { type: "none", o: "bind", device: "/etc" } },
          },
        },
      ],
    },
  ],
  [
    "a volume of another driver",
    403,
    {
      Mounts: [
        { Type: "volume", Source: "fresh", Target: "/x", VolumeOptions: { DriverConfig: { Name: "nfs" } } },
      ],
    },
  ],
  ["a volume of another scope", 403, { Binds: ["vault:/x"] }],
  ["such a volume as a mount", 403, { Mounts: [{ Type: "volume", Source: "vault", Target: "/x" }] }],
  ["files of the machine as an image", 403, {}, { Image: "@host" }],
  ["the same as a mount", 403, { Mounts: [{ Type: "image", Source: "@host", Target: "/x" }] }],
  ["volumes of another container", 404, { VolumesFrom: ["victim"] }],
  ["the same by id and read-only", 404, { VolumesFrom: ["victim:ro"] }],
  ["the network of another container", 404, { NetworkMode: "container:victim" }],
  ["its processes", 404, { PidMode: "container:victim" }],
  ["its shared memory", 404, { IpcMode: "container:victim" }],
  ["the machine's network", 403, { NetworkMode: "host" }],
  ["the machine's processes", 403, { PidMode: "host" }],
  ["the machine's shared memory", 403, { IpcMode: "host" }],
  ["the machine's name", 403, { UTSMode: "host" }],
  ["the machine's users", 403, { UsernsMode: "host" }],
  ["the machine's control groups", 403, { CgroupnsMode: "host" }],
  ["a control group", 403, { CgroupParent: "/" }],
  ["all privileges", 403, { Privileged: true }],
  ["a capability", 403, { CapAdd: ["SYS_ADMIN"] }],
  ["a device", 403, { Devices: [{ PathOnHost: "/dev/sda", PathInContainer: "/dev/sda" }] }],
  ["a rule for devices", 403, { DeviceCgroupRules: ["b *:* rwm"] }],
  ["a device by its name", 403, { DeviceRequests: [{ Driver: "cdi", DeviceIDs: ["v.com/gpu=0"] }] }],
  ["no filter of system calls", 403, { SecurityOpt: ["seccomp=unconfined"] }],
  ["a filter of one's own", 403, { SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'] }],
  ["no AppArmor profile", 403, { SecurityOpt: ["apparmor=unconfined"] }],
  ["no label", 403, { SecurityOpt: ["label=disable"] }],
  ["no masks", 403, { SecurityOpt: ["systempaths=unconfined"] }],
  ["empty lists of masks", 403, { MaskedPaths: [] }],
  ["empty lists of read-only paths", 403, { ReadonlyPaths: [] }],
  ["a setting of the kernel", 403, { Sysctls: { "kernel.shmmax": "1" } }],
  ["a runtime", 403, { Runtime: "runc" }],
  ["annotations", 403, { Annotations: { "run.oci.keep_original_groups": "1" } }],
  ["another log driver", 403, { LogConfig: { Type: "syslog", Config: {} } }],
  ["to be spared", 403, { OomScoreAdj: -500 }],
  ["locked memory", 403, { Ulimits: [{ Name: "memlock", Soft: -1, Hard: -1 }] }],
  ["options of the storage", 403, { StorageOpt: { size: "1g" } }],
  ["a link", 404, { Links: ["victim:v"] }],
  ["another network", 404, { NetworkMode: "bridge2" }],
  ["a place in another container", 403, {}, { Labels: { "tug.parent": "victim" } }],
  ["another scope", 403, {}, { Labels: { "tug.scope": "other" } }],
  ["more memory", 403, { Memory: 65 * MB }],
  ["no limit of memory and swap", 403, { Memory: 64 * MB, MemorySwap: -1 }],
  ["more processors", 403, { NanoCpus: 600_000_000 }],
  ["more processors otherwise", 403, { CpuPeriod: 100_000, CpuQuota: 200_000 }],
  ["more processes", 403, { PidsLimit: 51 }],
  ["a secret that is not there", 404, { Secrets: [{ Source: "key" }] }],
  ["a config that is not there", 404, { Configs: [{ Source: "site" }] }],
];
