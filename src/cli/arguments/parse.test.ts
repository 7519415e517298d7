import assert from "node:assert/strict";
import { test } from "node:test";
import { TugError } from "../../base/index.ts";
import { readInteger } from "../values/numbers.ts";
import { type ArgumentsDefinition, defineCommand } from "./command.ts";
import { choice, flag, mode, single, text, texts } from "./option.ts";
import { parseArguments } from "./parse.ts";

function commandWith(args: Partial<ArgumentsDefinition> = {}) {
  return defineCommand({
    path: ["container", "run"],
    aliases: [["run"]],
    summary: "Run",
    args: { usage: "IMAGE [ARG...]", least: 0, ...args },
    options: {
      interactive: flag("Keep stdin open", { short: "i" }),
      tty: flag("Allocate a terminal", { short: "t" }),
      "sig-proxy": flag("Pass signals on", { initial: true }),
      env: texts("NAME=VALUE", "Set variables", { short: "e" }),
      name: text("NAME", "Name it"),
      hostname: text("NAME", "Host name", { short: "h" }),
      tail: single("N", "Last lines", { short: "n", read: readInteger(0, 100) }),
      systemd: mode("Boot systemd", ["always", "true", "false"]),
      pull: choice("WHEN", "When to pull", { words: ["always", "never"] }),
    },
    examples: [],
    run: async () => ({}),
  });
}

const parse = (words: string[], args?: Partial<ArgumentsDefinition>) =>
  parseArguments(commandWith(args), words);

test("options take their values in every spelling", () => {
  const spellings = [
    ["-it", "-e", "A=1", "--name", "web", "-n5"],
    ["-ti", "-eA=1", "--name=web", "-n=5"],
    ["-t", "-ite=A=1", "--name", "web", "-n", "5"],
    ["--tty", "--interactive=true", "--env=A=1", "--name=web", "--tail", "5"],
  ];
  for (const words of spellings) {
    const { values } = parse(words);
    assert.deepEqual(
      [values.interactive, values.tty, values.env, values.name, values.tail],
      [true, true, ["A=1"], "web", 5],
      words.join(" "),
    );
  }
});

test("a mode stands alone for its first word, and takes no word that follows", () => {
  const read = (...words: string[]) => parse(words, { optionsFirst: true });
  assert.equal(read("image").values.systemd, undefined);
  const alone = read("--systemd", "image", "true");
  assert.deepEqual([alone.values.systemd, alone.args], ["always", ["image", "true"]]);
  assert.equal(read("--systemd=true", "image").values.systemd, "true");
  assert.throws(() => read("--systemd=maybe"), /it must be one of always, true, false/);
});

test("what is not given has its initial value, and what is given is known", () => {
  const { values, given } = parse(["--sig-proxy=false", "--name="]);
  assert.deepEqual(
    [values["sig-proxy"], values.name, values.hostname, values.env],
    [false, "", undefined, []],
  );
  assert.deepEqual(given, new Set(["sig-proxy", "name"]));
});

test("repeated options are collected, or the last one counts", () => {
  const { values } = parse(["-e", "A", "-e", "B", "--name", "one", "--name", "two"]);
  assert.deepEqual([values.env, values.name], [["A", "B"], "two"]);
});

test("options may stand between arguments unless the rest belongs to a container", () => {
  assert.deepEqual(parse(["a", "-t", "b"]).args, ["a", "b"]);
  assert.deepEqual(parse(["-t", "a", "-t", "--rm"], { optionsFirst: true }).args, ["a", "-t", "--rm"]);
  assert.deepEqual(parse(["a", "--", "-t"]).args, ["a", "-t"]);
  assert.deepEqual(parse(["--", "-t", "a"], { optionsFirst: true }).args, ["-t", "a"]);
  assert.deepEqual(parse(["-"]).args, ["-"]);
});

test("-h is the command's own where it has one, --help always is help", () => {
  assert.equal(parse(["-h", "box"]).values.hostname, "box");
  assert.equal(parse(["--help"], { least: 1 }).help, true);
});

const refused: [words: string[], message: string, args?: Partial<ArgumentsDefinition>, exitCode?: number][] =
  [
    [["--foo"], "unknown flag: --foo"],
    [["--foo=1"], "unknown flag: --foo"],
    [["-itz"], "unknown shorthand flag: 'z' in -itz"],
    [["--name"], "flag needs an argument: --name"],
    [["-te"], "flag needs an argument: 'e' in -te"],
    [["--tty=maybe"], 'invalid argument "maybe" for "-t, --tty" flag: it must be true or false'],
    [["-n", "x"], 'invalid argument "x" for "-n, --tail" flag: it is not a whole number'],
    [["--pull=soon"], 'invalid argument "soon" for "--pull" flag: it must be one of always, never'],
    [[], "'tug run' requires at least 1 argument", { least: 1 }, 1],
    [["a", "b"], "'tug run' requires 1 argument", { least: 1, most: 1 }, 1],
    [["a"], "'tug run' accepts no arguments", { most: 0 }, 1],
    [["a"], "'tug run' requires between 2 and 3 arguments", { least: 2, most: 3 }, 1],
  ];

for (const [words, message, args, exitCode = 125] of refused) {
  test(`"${words.join(" ")}" is refused with a hint and exit code ${exitCode}`, () => {
    assert.throws(
      () => parse(words, args),
      (error) => {
        assert.ok(error instanceof TugError);
        assert.deepEqual([error.message, error.hint], [message, "see 'tug run --help'"]);
        assert.equal(error.details.exitCode, exitCode);
        return true;
      },
    );
  });
}
