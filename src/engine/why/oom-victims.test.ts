import assert from "node:assert/strict";
import { test } from "node:test";
import { parseOomVictims } from "./oom-victims.ts";

const id = "a".repeat(64);
const chosen = (group: string, pid: number) =>
  `6,9594,23634363255,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=${group},task_memcg=${group},task=a) b,pid=${pid},uid=0`;
const killed = (pid: number) =>
  `3,9595,23634363291,-;Memory cgroup out of memory: Killed process ${pid} (a) b) total-vm:66944kB, anon-rss:16256kB, file-rss:612kB, shmem-rss:0kB, UID:0 pgtables:68kB oom_score_adj:0`;

test("only the victims of the container are told of, the last one last", () => {
  const lines = [
    killed(1),
    chosen(`/tug/containers/${"b".repeat(64)}`, 2),
    killed(2),
    chosen(`/tug/containers/${id}`, 3),
    killed(3),
    chosen(`/tug/containers/${id}/inner`, 4),
    killed(4),
  ];
  assert.deepEqual(parseOomVictims(lines, id), [
    { pid: 3, command: "a) b", bytes: 16256 * 1024 },
    { pid: 4, command: "a) b", bytes: 16256 * 1024 },
  ]);
});

test("a line that a program has written into the kernel's log names nobody", () => {
  assert.deepEqual(parseOomVictims([killed(7), "4,1,1,-;oom-kill:task_memcg=/x,pid=7"], id), []);
});
