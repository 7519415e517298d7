import { syscallNumbers } from "../../../src/runtime/seccomp/syscalls.ts";

const numbers = syscallNumbers(process.arch === "x64" ? "x86_64" : "aarch64");

/** The words with which the probe makes a system call: `syscall getpriority 0 0`. */
export function call(name: string, ...args: (number | string)[]): string[] {
  const number = numbers.get(name);
  if (number === undefined) throw new Error(`there is no system call ${name} here`);
  return ["syscall", String(number), ...args.map(String)];
}

/** Several verbs of the probe as its arguments. */
export function verbs(...each: readonly (readonly string[])[]): string[] {
  return each.flatMap((words, index) => (index === 0 ? words : [",", ...words]));
}
