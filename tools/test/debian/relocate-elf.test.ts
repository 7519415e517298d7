import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { relocateElf } from "./relocate-elf.ts";

const directory = mkdtempSync(join(tmpdir(), "tug-elf-"));
after(() => rmSync(directory, { recursive: true }));

const file = (name: string) => join(directory, name);
const hasCompiler = (() => {
  try {
    execFileSync("gcc", ["--version"]);
    return true;
  } catch {
    return false;
  }
})();

/** Compiles a program that prints what a library of the directory answers, its own path, and its loader's. */
function compile(name: string, ...flags: string[]): Buffer {
  writeFileSync(file("answer.c"), "int answer(void) { return 42; }\n");
  writeFileSync(
    file("main.c"),
    `#include <stdio.h>
    #include <string.h>
    #include <unistd.h>
    extern int answer(void);
    static char zeroes[100000];
    int main(void) {
      char self[4096] = {0}, line[4096];
      FILE *maps = fopen("/proc/self/maps", "r");
      readlink("/proc/self/exe", self, sizeof(self) - 1);
      printf("%d %d %s\\n", answer(), zeroes[99999], self);
      while (fgets(line, sizeof(line), maps)) if (strstr(line, "loader")) { puts("own loader"); break; }
      return 3;
    }\n`,
  );
  execFileSync("gcc", ["-shared", "-fPIC", "-o", file("libanswer.so"), file("answer.c")]);
  execFileSync("gcc", [...flags, "-o", file(name), file("main.c"), "-L", directory, "-lanswer"]);
  return readFileSync(file(name));
}

/** The loader that this machine's own programs use. */
function machineLoader(program: Buffer): string {
  const start = program.indexOf("/lib");
  return realpathSync(program.toString("latin1", start, program.indexOf(0, start)));
}

for (const [kind, flags] of [
  ["position-independent", ["-pie", "-fPIE"]],
  ["fixed-address", ["-no-pie"]],
] as const) {
  test(`a ${kind} program runs with the given loader and libraries`, {
    skip: !hasCompiler && "needs gcc",
  }, () => {
    const program = compile(kind, ...flags);
    copyFileSync(machineLoader(program), file("loader"));
    const relocated = relocateElf(program, { loader: file("loader"), libraries: [directory] });
    assert.ok(relocated);
    writeFileSync(file("relocated"), relocated, { mode: 0o755 });
    const run = () => execFileSync(file("relocated"), { encoding: "utf8" });
    assert.throws(run, { status: 3, stdout: `42 0 ${realpathSync(file("relocated"))}\nown loader\n` });
  });
}

test("scripts and static programs are left alone", { skip: !hasCompiler && "needs gcc" }, () => {
  const home = { loader: "/loader", libraries: ["/lib"] };
  writeFileSync(file("static.c"), "int main(void) { return 0; }\n");
  execFileSync("gcc", ["-static", "-o", file("static"), file("static.c")]);
  assert.equal(relocateElf(Buffer.from("#!/bin/sh\n"), home), undefined);
  assert.equal(relocateElf(Buffer.alloc(0), home), undefined);
  assert.equal(relocateElf(readFileSync(file("static")), home), undefined);
});
