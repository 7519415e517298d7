import { test } from "node:test";
import { assertRefused, withProcess } from "./testing/configuration.ts";

const refusedProcess: [string, object, string][] = [
  ["args of a wrong type", { args: "sh" }, '/process/args: expected a list, found text "sh"'],
  [
    "an element of a wrong type",
    { args: ["sh", 5] },
    "/process/args/1: expected text in double quotes, found number 5",
  ],
  ["no args", { args: [] }, "/process/args: it is empty"],
  ["a NUL in an argument", { args: ["a\0b"] }, "/process/args/0: it holds a NUL character"],
  ["a relative cwd", { cwd: "tmp" }, '/process/cwd: expected an absolute path, found text "tmp"'],
  ["no cwd", { cwd: undefined }, "/process/cwd: it is missing"],
  ["a variable without =", { env: ["A=1", "PATH"] }, '/process/env/1: "PATH" is no environment variable'],
  [
    "a negative uid",
    { user: { uid: -1 } },
    "/process/user/uid: expected an integer from 0 to 4294967294, found number -1",
  ],
  [
    "a fraction",
    { user: { uid: 1.5 } },
    "/process/user/uid: expected an integer from 0 to 4294967294, found number 1.5",
  ],
  [
    "the id that means none",
    { user: { gid: 4294967295 } },
    "/process/user/gid: expected an integer from 0 to 4294967294, found number 4294967295",
  ],
  [
    "an unknown limit",
    { rlimits: [{ type: "RLIMIT_X", soft: 1, hard: 1 }] },
    '/process/rlimits/0/type: expected a known name, found text "RLIMIT_X"',
  ],
  [
    "a limit twice",
    {
      rlimits: [
        { type: "RLIMIT_CPU", soft: 1, hard: 1 },
        { type: "RLIMIT_CPU", soft: 2, hard: 2 },
      ],
    },
    "/process/rlimits/1/type: RLIMIT_CPU is already given at /process/rlimits/0",
  ],
  [
    "soft above hard",
    { rlimits: [{ type: "RLIMIT_CPU", soft: 2, hard: 1 }] },
    "/process/rlimits/0/soft: the soft limit 2 is above the hard limit 1",
  ],
  [
    "a limit above 64 bits",
    { rlimits: [{ type: "RLIMIT_CPU", soft: 1, hard: 18446744073709551616n }] },
    "/process/rlimits/0/hard: expected an integer from 0 to 18446744073709551615, found bigint 18446744073709551616",
  ],
  [
    "an impossible score",
    { oomScoreAdj: 1001 },
    "/process/oomScoreAdj: expected an integer from -1000 to 1000, found number 1001",
  ],
  [
    "an I/O class",
    { ioPriority: { class: "RT", priority: 1 } },
    '/process/ioPriority/class: expected one of IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE, found text "RT"',
  ],
  [
    "a nice value",
    { scheduler: { policy: "SCHED_OTHER", nice: 20 } },
    "/process/scheduler/nice: 20 is no nice value",
  ],
  [
    "a priority without real time",
    { scheduler: { policy: "SCHED_BATCH", priority: 1 } },
    "/process/scheduler/priority: SCHED_BATCH has no priority",
  ],
  [
    "a deadline without its policy",
    { scheduler: { policy: "SCHED_RR", deadline: 1 } },
    "/process/scheduler/deadline: SCHED_RR has no deadline",
  ],
  [
    "a list of CPUs",
    { execCPUAffinity: { initial: "3-1" } },
    '/process/execCPUAffinity/initial: expected a list of numbers and ranges such as 0-3,7, found text "3-1"',
  ],
];
for (const [name, process, sentence] of refusedProcess) {
  test(`process: ${name} is refused`, () => assertRefused(withProcess(process), sentence));
}
