import { dockerApi } from "../../../specs/index.ts";
import { choice, flag, list, mode, single, text, texts } from "../../arguments/option.ts";
import {
  readByteRate,
  readDevice,
  readDeviceRule,
  readDeviceWeight,
  readOperationRate,
} from "../../values/device.ts";
import { readGpus } from "../../values/gpus.ts";
import { readLabel, readPair, readVariable } from "../../values/key-values.ts";
import { readRestartPolicy, readStreamName, readUlimit } from "../../values/limits.ts";
import { readMount } from "../../values/mount.ts";
import { readConfig, readSecret } from "../../values/named-data.ts";
import { readNetwork } from "../../values/network.ts";
import { readCpus, readDuration, readInteger, readSize, readSwapSize } from "../../values/numbers.ts";
import { readPublish } from "../../values/publish.ts";

const COUNT = readInteger(0, Number.MAX_SAFE_INTEGER);

const process = {
  attach: list("STREAM", "Attach to stdin, stdout or stderr", { short: "a", read: readStreamName }),
  env: list("NAME[=VALUE]", "Set an environment variable", { short: "e", read: readVariable }),
  "env-file": texts("FILE", "Read environment variables from a file", { completes: "files" }),
  entrypoint: text("COMMAND", "Use another entrypoint than the image's"),
  "group-add": texts("GROUP", "Add a supplementary group"),
  init: flag("Run an init as process 1 that forwards signals and reaps processes"),
  interactive: flag("Keep stdin open even if not attached", { short: "i" }),
  systemd: mode("Boot systemd: always, where the command is an init (true), or not", dockerApi.systemdModes),
  tty: flag("Allocate a terminal", { short: "t" }),
  ulimit: list("NAME=SOFT[:HARD]", "Set a resource limit", { read: readUlimit }),
  user: text("USER[:GROUP]", "Run as a user, by name or number", { short: "u" }),
  workdir: text("DIR", "Working directory in the container", { short: "w" }),
  "stop-signal": text("SIGNAL", "Signal that stops the container"),
  "stop-timeout": single("SECONDS", "Wait so long before the container is killed", {
    read: readInteger(-1, 2 ** 31),
  }),
} as const;

const identity = {
  annotation: list("NAME=VALUE", "Add an annotation for the runtime", { read: readPair }),
  cidfile: text("FILE", "Write the container's id to a new file", { completes: "files" }),
  domainname: text("NAME", "NIS domain name"),
  hostname: text("NAME", "Host name of the container", { short: "h" }),
  label: list("NAME[=VALUE]", "Add a label", { short: "l", read: readLabel }),
  "label-file": texts("FILE", "Read labels from a file", { completes: "files" }),
  name: text("NAME", "Name of the container"),
  parent: text("CONTAINER", "Lie in another container: share its limits, end with it, go with it", {
    completes: "containers",
  }),
  platform: single("OS/ARCH", "Choose a platform of an image that has several", { read: readPlatform }),
  pull: choice("WHEN", "When to pull the image", { words: ["always", "missing", "never"] }),
  quiet: flag("Do not show the progress of a pull", { short: "q" }),
  restart: single(
    "POLICY",
    "When to start the container again: no, always, unless-stopped, on-failure[:TIMES]",
    {
      read: readRestartPolicy,
    },
  ),
  rm: flag("Remove the container and its anonymous volumes when it ends"),
  runtime: text(
    "NAME",
    "Runtime that makes the container: tug, runc, crun, runsc or one of the configuration",
  ),
  "log-driver": text("NAME", "Log driver: json-file, syslog, journald or none"),
  "log-opt": list("NAME=VALUE", "Option of the log driver", { read: readPair }),
} as const;

const files = {
  config: list("NAME[,target=FILE,uid=,gid=,mode=]", "Show a config as a file, /NAME unless said otherwise", {
    read: readConfig,
    completes: "configs",
  }),
  mount: list("SPEC", "Mount something: type=bind|volume|tmpfs|image,src=...,dst=...,readonly", {
    read: readMount,
  }),
  "read-only": flag("Mount the root filesystem read-only"),
  secret: list(
    "NAME[,target=FILE,uid=,gid=,mode=,type=env]",
    "Show a secret as a file in /run/secrets, or as a variable",
    {
      read: readSecret,
      completes: "secrets",
    },
  ),
  "shm-size": single("SIZE", "Size of /dev/shm", { read: readSize }),
  "storage-opt": list("NAME=VALUE", "Option of the snapshotter", { read: readPair }),
  tmpfs: texts("DIR[:OPTIONS]", "Mount a tmpfs"),
  volume: list("[SOURCE:]DIR[:OPTIONS]", "Mount a host directory or a volume", {
    short: "v",
    read: readVolume,
  }),
  "volumes-from": texts("CONTAINER", "Mount what another container has mounted", { completes: "containers" }),
} as const;

const isolation = {
  "cap-add": texts("CAP", "Add a capability, or ALL"),
  "cap-drop": texts("CAP", "Drop a capability, or ALL"),
  cgroupns: choice("MODE", "Cgroup namespace", { words: ["host", "private"] }),
  ipc: text("MODE", "IPC namespace: none, private, shareable, host, container:NAME"),
  pid: text("MODE", "PID namespace: host, container:NAME"),
  privileged: flag("Give extended privileges"),
  "security-opt": texts(
    "OPTION",
    "no-new-privileges, seccomp=FILE|unconfined, apparmor=PROFILE, label=KEY:VALUE",
  ),
  sysctl: list("NAME=VALUE", "Set a namespaced kernel parameter", { read: readPair }),
  userns: choice("MODE", "User namespace", { words: ["host"] }),
  uts: choice("MODE", "UTS namespace", { words: ["host"] }),
} as const;

const limits = {
  "blkio-weight": single("WEIGHT", "Relative share of block I/O, 10 to 1000", { read: readInteger(0, 1000) }),
  "blkio-weight-device": list("DEVICE:WEIGHT", "Relative share of a device's I/O", {
    read: readDeviceWeight,
  }),
  "cgroup-parent": text("PATH", "Parent cgroup"),
  "cpu-period": single("MICROSECONDS", "Period of the CPU quota", { read: COUNT }),
  "cpu-quota": single("MICROSECONDS", "CPU time in each period", {
    read: readInteger(-1, Number.MAX_SAFE_INTEGER),
  }),
  "cpu-shares": single("SHARES", "Relative share of the CPUs", { short: "c", read: COUNT }),
  cpus: single("NUMBER", "So many CPUs at most, such as 1.5", { read: readCpus }),
  "cpuset-cpus": text("LIST", "CPUs to run on, such as 0-2,4"),
  "cpuset-mems": text("LIST", "Memory nodes to use"),
  device: list("DEVICE[:PATH][:rwm]", "Make a device of the host, or a CDI device, available", {
    read: readDevice,
  }),
  "device-cgroup-rule": list("RULE", "Allow devices by number, such as 'c 1:3 rwm'", {
    read: readDeviceRule,
  }),
  "device-read-bps": list("DEVICE:RATE", "Limit reads from a device, bytes a second", { read: readByteRate }),
  "device-read-iops": list("DEVICE:RATE", "Limit reads from a device, operations a second", {
    read: readOperationRate,
  }),
  "device-write-bps": list("DEVICE:RATE", "Limit writes to a device, bytes a second", { read: readByteRate }),
  "device-write-iops": list("DEVICE:RATE", "Limit writes to a device, operations a second", {
    read: readOperationRate,
  }),
  gpus: list("all|NUMBER|device=...", "Make GPUs available, by CDI", { read: readGpus }),
  memory: single("SIZE", "Memory limit", { short: "m", read: readSize }),
  "memory-reservation": single("SIZE", "Memory soft limit", { read: readSize }),
  "memory-swap": single("SIZE", "Limit of memory plus swap, -1 for no limit of swap", { read: readSwapSize }),
  "memory-swappiness": single("NUMBER", "How readily memory is swapped, 0 to 100", {
    read: readInteger(-1, 100),
  }),
  "oom-kill-disable": flag("Do not kill processes when memory runs out"),
  "oom-score-adj": single("NUMBER", "Preference of the OOM killer, -1000 to 1000", {
    read: readInteger(-1000, 1000),
  }),
  "pids-limit": single("NUMBER", "Limit of processes, -1 for none", {
    read: readInteger(-1, Number.MAX_SAFE_INTEGER),
  }),
} as const;

const network = {
  "add-host": texts("NAME:ADDRESS", "Add a line to /etc/hosts"),
  dns: texts("ADDRESS", "Name server to use"),
  "dns-option": texts("OPTION", "Option of the resolver"),
  "dns-search": texts("DOMAIN", "Search domain"),
  expose: texts("PORT[/PROTOCOL]", "Say that the container listens on a port"),
  ip: text("ADDRESS", "IPv4 address on the network"),
  ip6: text("ADDRESS", "IPv6 address on the network"),
  "mac-address": text("ADDRESS", "Hardware address, such as 02:42:ac:11:00:02"),
  link: texts("CONTAINER[:ALIAS]", "Know another container by a name", { completes: "containers" }),
  net: list("NETWORK", "Short for --network", { read: readNetwork, completes: "networks" }),
  network: list(
    "NETWORK",
    "Network, or several: bridge (the default), host, none, container:NAME, one of yours, or name=NETWORK,alias=NAME,ip=ADDRESS",
    { read: readNetwork, completes: "networks" },
  ),
  "network-alias": texts("NAME", "Name by which others of the network find the container"),
  publish: list("[[ADDRESS:]PORT:]PORT", "Publish a port on the host", { short: "p", read: readPublish }),
  "publish-all": flag("Publish all exposed ports", { short: "P" }),
} as const;

const health = {
  "health-cmd": text("COMMAND", "Command that checks the container's health"),
  "health-interval": single("DURATION", "Time between checks", { read: readDuration }),
  "health-retries": single("NUMBER", "So many failures in a row make it unhealthy", { read: COUNT }),
  "health-start-interval": single("DURATION", "Time between checks while it starts", { read: readDuration }),
  "health-start-period": single("DURATION", "Time it may take to start", { read: readDuration }),
  "health-timeout": single("DURATION", "Time a check may take", { read: readDuration }),
  "on-unhealthy": choice("ACTION", "What to do when it has become unhealthy", {
    words: ["none", "restart", "kill", "stop"],
  }),
  "no-healthcheck": flag("Switch the image's health check off"),
} as const;

/** What `create` and `run` have in common. */
export const createOptions = {
  ...process,
  ...identity,
  ...files,
  ...isolation,
  ...limits,
  ...network,
  ...health,
} as const;

function readPlatform(value: string): string {
  return dockerApi.formatPlatform(dockerApi.parsePlatform(value));
}

/** Checked here so that the sentence names the option; a relative path is completed later. */
function readVolume(value: string): string {
  dockerApi.parseVolumeSpec(value);
  return value;
}
