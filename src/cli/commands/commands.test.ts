import assert from "node:assert/strict";
import { test } from "node:test";
import { type Command, shortestName } from "../arguments/command.ts";
import type { Option } from "../arguments/option.ts";
import { parseArguments } from "../arguments/parse.ts";
import { findCommand } from "../find-command.ts";
import { renderCommandHelp } from "../help/command-help.ts";
import { renderGroupHelp, renderProgramHelp } from "../help/program-help.ts";
import { optionOfPointer } from "./container/option-of-pointer.ts";
import { commands } from "./index.ts";

const shown = commands.filter((command) => !command.hidden);
const namesOf = ({ path, aliases }: Command) => [path, ...aliases].map((name) => name.join(" "));
const optionsOf = (command: Command) => Object.entries(command.options) as [string, Option][];

test("no two commands have the same name", () => {
  const names = commands.flatMap(namesOf);
  assert.deepEqual(names.toSorted(), [...new Set(names)].toSorted());
});

test("a command is found by each of its names, and the longest name wins", () => {
  for (const command of commands) {
    for (const name of namesOf(command)) {
      assert.equal(findCommand(commands, [...name.split(" "), "rest"])?.command, command, name);
    }
  }
  assert.deepEqual(findCommand(commands, ["explain", "run", "x"])?.rest, ["x"]);
  assert.equal(findCommand(commands, ["container"]), undefined);
});

for (const command of shown) {
  const name = shortestName(command);
  test(`the help of "${name}" is complete and well formed`, () => {
    assert.match(command.summary, /^[A-Z].*[^.]$/, "the summary is a sentence without a full stop");
    assert.ok(command.summary.length <= 72, "the summary fits into the list of commands");
    assert.ok(command.examples.length > 0, "there is an example");
    for (const { line, does } of command.examples) {
      assert.ok(
        line.includes(`tug ${name}`) || namesOf(command).some((other) => line.includes(`tug ${other}`)),
        line,
      );
      assert.match(does, /^[A-Z].*[^.]$/);
    }
    const help = renderCommandHelp(command, 80);
    for (const [option, { help: meaning, short }] of optionsOf(command)) {
      assert.match(option, /^[a-z][a-z0-9-]+$/);
      assert.match(meaning, /^\S.*[^.\s]$/, option);
      assert.match(short ?? "a", /^[a-zA-Z]$/);
      assert.ok(help.includes(`--${option}`), option);
    }
    const letters = optionsOf(command).flatMap(([, { short }]) => short ?? []);
    assert.equal(new Set(letters).size, letters.length, "letters are used once");
  });
}

test("every example can be parsed", () => {
  for (const command of shown) {
    for (const { line } of command.examples) {
      const words =
        (/\btug (.*)$/.exec(line)?.[1] ?? "").replace(/ [|>&].*| \(.*/, "").match(/'[^']*'|\S+/g) ?? [];
      const found = findCommand(commands, words);
      assert.ok(found, line);
      if (!line.includes("$("))
        parseArguments(
          found.command,
          found.rest.map((word) => word.replaceAll("'", "")),
        );
    }
  }
});

test("the help of the program and of its groups names every command once", () => {
  const program = renderProgramHelp(commands);
  for (const command of shown) {
    const name = shortestName(command);
    if (!name.includes(" "))
      assert.equal(program.split(new RegExp(`^  ${name} +[A-Z]`, "m")).length, 2, name);
    const [group = "", ...rest] = command.path;
    const help = renderGroupHelp(commands, group);
    if (rest.length > 0 && help !== undefined)
      assert.match(help, new RegExp(`^  ${rest.join(" ")} +[A-Z]`, "m"));
  }
  assert.equal(renderGroupHelp(commands, "constructor"), undefined);
});

test("every option that an error of the engine can be traced to exists", () => {
  const run = findCommand(commands, ["run"])?.command as Command;
  const pointers = [
    "/HostConfig/Memory",
    "/HostConfig/Binds/3",
    "/Env/0",
    "/HostConfig/MemorySwap",
    "/WorkingDir",
  ];
  assert.deepEqual(pointers.map(optionOfPointer), [
    "--memory",
    "--volume",
    "--env",
    "--memory-swap",
    "--workdir",
  ]);
  for (const pointer of pointers) {
    assert.ok(Object.hasOwn(run.options, optionOfPointer(pointer)?.slice(2) ?? ""), pointer);
  }
  assert.equal(optionOfPointer("/HostConfig/MemoryX"), undefined);
});
