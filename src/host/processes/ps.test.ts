import assert from "node:assert/strict";
import { test } from "node:test";
import { parseProcessStat, parseProcessStatus, parseProcessUsage } from "../../host/index.ts";
import type { MachineFacts, ProcessFacts } from "./process-facts.ts";
import { terminalName } from "./ps-columns.ts";
import { columnsOfPs } from "./ps-options.ts";
import { bsdTime, cpuTime, elapsed, startDay, startMoment } from "./ps-times.ts";

const NOW = new Date(2026, 10, 21, 12, 0, 0).getTime();

const machine: MachineFacts = {
  now: NOW,
  uptime: 10_000,
  memoryBytes: 1000 * 4096,
  users: new Map([[0, "root"]]),
  groups: new Map([[5, "tty"]]),
};

const stat = "70 (my (prog)) S 1 70 70 34816 70 0 0 0 0 0 1000 500 0 0 20 5 3 0 900000 40960 100";

const process: ProcessFacts = {
  stat: parseProcessStat(stat),
  status: parseProcessStatus("Uid:\t0\t1000\t0\t0\nGid:\t5\t6\t5\t5\n"),
  usage: parseProcessUsage(stat),
  commandLine: "my prog --option",
};

function row(...options: string[]): [string, string][] {
  return columnsOfPs(options).map(({ title, value }) => [title, value(process, machine)]);
}

test("-ef shows what Docker shows by default", () => {
  assert.deepEqual(row("-ef"), [
    ["UID", "1000"],
    ["PID", "70"],
    ["PPID", "1"],
    ["C", "1"],
    ["STIME", "11:43"],
    ["TTY", "pts/0"],
    ["TIME", "00:00:15"],
    ["CMD", "my prog --option"],
  ]);
});

test("aux shows a user's view, with or without a dash", () => {
  const shown = row("aux");
  assert.deepEqual(row("-aux"), shown);
  assert.deepEqual(shown, [
    ["USER", "1000"],
    ["PID", "70"],
    ["%CPU", "1.5"],
    ["%MEM", "10.0"],
    ["VSZ", "40"],
    ["RSS", "400"],
    ["TTY", "pts/0"],
    ["STAT", "SNsl+"],
    ["START", "11:43"],
    ["TIME", "0:15"],
    ["COMMAND", "my prog --option"],
  ]);
});

test("other selections have the columns of ps", () => {
  const titles = (...options: string[]) => row(...options).map(([title]) => title);
  assert.deepEqual(titles("-e"), ["PID", "TTY", "TIME", "CMD"]);
  assert.deepEqual(titles(), ["PID", "TTY", "TIME", "CMD"]);
  assert.deepEqual(titles("ax"), ["PID", "TTY", "STAT", "TIME", "COMMAND"]);
});

test("-o names columns, several times and with titles", () => {
  assert.deepEqual(row("-eo", "pid,comm"), [
    ["PID", "70"],
    ["COMMAND", "my (prog)"],
  ]);
  assert.deepEqual(row("-opid", "-o", "ruser=WHO", "--format=rgroup"), [
    ["PID", "70"],
    ["WHO", "root"],
    ["RGROUP", "tty"],
  ]);
  assert.deepEqual(row("o", "etimes,nlwp,ni"), [
    ["ELAPSED", "1000"],
    ["NLWP", "3"],
    ["NI", "5"],
  ]);
});

test("what ps does not have is refused", () => {
  for (const options of [["-o", "pid,colour"], ["-z"], ["--forest"], ["-o"], ["f"]]) {
    assert.throws(() => columnsOfPs(options), { code: "HOST_PS_OPTION" }, options.join(" "));
  }
});

test("moments and durations have the forms of ps", () => {
  const at = (...parts: [number, number, number, number]) => new Date(...parts).getTime();
  assert.equal(startDay(at(2026, 10, 20, 23), NOW), "Nov20");
  assert.equal(startDay(at(2025, 10, 20, 23), NOW), "2025");
  assert.equal(startMoment(at(2026, 10, 20, 23), NOW), "23:00");
  assert.equal(startMoment(at(2026, 10, 19, 23), NOW), "Nov19");
  assert.deepEqual([cpuTime(3723.9), cpuTime(90_000)], ["01:02:03", "01-01:00:00"]);
  assert.deepEqual([elapsed(59), elapsed(3600), elapsed(90_000)], ["00:59", "01:00:00", "01-01:00:00"]);
  assert.equal(bsdTime(7261), "121:01");
});

test("terminals are named by their device numbers", () => {
  const device = (major: number, minor: number) => (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
  assert.equal(terminalName(device(136, 300)), "pts/300");
  assert.equal(terminalName(device(137, 1)), "pts/257");
  assert.deepEqual([terminalName(device(4, 1)), terminalName(device(4, 65))], ["tty1", "ttyS1"]);
  assert.deepEqual([terminalName(device(5, 1)), terminalName(0)], ["console", "?"]);
});
