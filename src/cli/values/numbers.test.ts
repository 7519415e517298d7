import assert from "node:assert/strict";
import { test } from "node:test";
import { readCpus, readDuration, readInteger, readSize, readSwapSize } from "./numbers.ts";

function accepts<T>(
  name: string,
  read: (text: string) => T,
  cases: readonly [text: string, value: T][],
): void {
  for (const [text, value] of cases) test(`${name} reads ${text}`, () => assert.equal(read(text), value));
}

function refuses(
  name: string,
  read: (text: string) => unknown,
  cases: readonly [text: string, reason: RegExp][],
): void {
  for (const [text, reason] of cases)
    test(`${name} refuses "${text}"`, () => assert.throws(() => read(text), reason));
}

accepts("a size", readSize, [
  ["0", 0],
  ["512", 512],
  ["100m", 104_857_600],
  ["1.5g", 1_610_612_736],
  ["64MiB", 67_108_864],
  ["10 kB", 10_240],
  ["1b", 1],
  ["2T", 2_199_023_255_552],
]);
refuses("a size", readSize, [
  ["", /it is not a size/],
  ["-1", /it is not a size/],
  ["1x", /it is not a size/],
  ["m", /it is not a size/],
  ["1.5.1g", /it is not a size/],
  ["999999p", /it is too large/],
]);

accepts("a swap size", readSwapSize, [
  ["-1", -1],
  ["1g", 1_073_741_824],
]);

accepts("CPUs", readCpus, [
  ["2", 2_000_000_000],
  ["0.5", 500_000_000],
  [".25", 250_000_000],
  ["1.", 1_000_000_000],
  ["0.000000001", 1],
  ["1.10000000000000", 1_100_000_000],
]);
refuses("CPUs", readCpus, [
  ["", /it is not a number/],
  [".", /it is not a number/],
  ["-1", /it is not a number/],
  ["1e3", /it is not a number/],
  ["0.0000000001", /it is too precise/],
]);

accepts("a duration", readDuration, [
  ["0", 0],
  ["30s", 30_000_000_000],
  ["1m30s", 90_000_000_000],
  ["1.5h", 5_400_000_000_000],
  ["300ms", 300_000_000],
  ["2us", 2_000],
]);
refuses("a duration", readDuration, [
  ["", /it is not a duration/],
  ["30", /it is not a duration/],
  ["-1s", /it is not a duration/],
  ["1d", /it is not a duration/],
]);

accepts("a whole number", readInteger(-1, 10), [
  ["-1", -1],
  ["+7", 7],
]);
refuses("a whole number", readInteger(-1, 10), [
  ["11", /must be between -1 and 10/],
  ["1.0", /it is not a whole number/],
  ["1e1", /it is not a whole number/],
]);
