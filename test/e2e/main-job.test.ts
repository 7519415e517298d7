import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import {
  buildImage,
  debianProgram,
  debianRootfs,
  type Registry,
  requireRoot,
  startRegistry,
  startTug,
  type TugInstance,
} from "../environment/index.ts";
import { needsTerminal, startShell } from "./harness/index.ts";

const skip = requireRoot() || debianProgram("docker-registry").skip || debianRootfs().skip;

describe("Debian from a registry", { skip }, () => {
  let registry: Registry;
  let instance: TugInstance;
  let debian: string;

  before(async () => {
    registry = await startRegistry();
    instance = await startTug();
    const archive = await readFile(debianRootfs().path);
    const image = buildImage({
      layers: [{ entries: [], archive }],
      config: { Cmd: ["bash"], Env: ["PATH=/usr/bin:/bin"] },
    });
    debian = await registry.push("debian:bookworm", image);
  });
  after(async () => {
    await instance?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
  });

  test("tug run --rm pulls it and prints what its perl says", async () => {
    const script =
      'open F, "/etc/debian_version"; print "Debian ", <F>; print join(" ", map { $_ ** 2 } 1..5), "\\n"';
    const { code, stdout, stderr } = await instance.tug(["run", "--rm", debian, "perl", "-e", script]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Debian 12\.\d+\n1 4 9 16 25\n$/);
    assert.match(stderr, /^Unable to find image '127\.0\.0\.1:\d+\/debian:bookworm' locally\n/);
    assert.match(stderr, /: Pull complete\n/);
    assert.match(stderr, /\nStatus: Downloaded newer image for 127\.0\.0\.1:\d+\/debian:bookworm\n$/);
  });

  test("the second run pulls nothing", async () => {
    const { code, stdout, stderr } = await instance.tug(["run", "--rm", debian, "perl", "-e", "exit 42"]);
    assert.deepEqual([code, stdout, stderr], [42, "", ""]);
  });

  test("tug run -it gives a shell with job control, as large as the terminal", {
    skip: needsTerminal(),
  }, async () => {
    await using terminal = await startShell(instance, { columns: 100, rows: 30 });
    const prompt = /^root@box:\/#$/;
    const type = async (line: string, expected: RegExp): Promise<void> => {
      await terminal.endsWith(prompt);
      await terminal.enter(line);
      await terminal.shows(expected);
    };
    await terminal.enter("stty -g > before");
    await terminal.enter(`tug run --rm -it --hostname box ${debian}; echo "the code is $?"`);
    await type("tty; stty size", /^\/dev\/pts\/0$/);
    await terminal.shows(/^30 100$/);
    await terminal.resize(90, 25);
    await type("until stty size | grep '^25 90$'; do sleep 0.1; done", /^25 90$/);

    await type("sleep 1001", /sleep 1001$/);
    await terminal.satisfies((lines) => lines.at(-1)?.endsWith("sleep 1001") === true);
    await terminal.press("C-z");
    await terminal.shows(/^\[1\]\+ +Stopped +sleep 1001$/);
    await type("bg", /^\[1\]\+ sleep 1001 &$/);
    await type("sleep 1002 & jobs", /^\[1\]- +Running +sleep 1001 &$/);
    await type("fg %1", /^sleep 1001$/);
    await terminal.press("C-c");
    await type("echo after $?", /^after 130$/);
    await type("jobs; kill %2; wait; echo done", /^\[2\]\+ +Running +sleep 1002 &$/);
    await terminal.shows(/^done$/);
    await type("exit 7", /^the code is 7$/);
    await terminal.enter("stty -g | cmp - before && echo as it was");
    await terminal.shows(/^as it was$/);
  });
});
