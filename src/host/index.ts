export { type Architecture, type HostFacts, readHostFacts } from "./facts.ts";
export { type CgroupMembership, parseCgroup } from "./parsers/cgroup.ts";
export { isVisible } from "./parsers/mount-tree.ts";
export { type MountEntry, parseMountinfo } from "./parsers/mountinfo.ts";
export { type ProcessStat, parseProcessStat } from "./parsers/process-stat.ts";
export { type ProcessStatus, parseProcessStatus } from "./parsers/process-status.ts";
export { type ProcessUsage, parseProcessUsage } from "./parsers/process-usage.ts";
export { type GroupEntry, type PasswdEntry, parseGroup, parsePasswd } from "./parsers/users.ts";
export { makeServiceGroup } from "./service-group.ts";
