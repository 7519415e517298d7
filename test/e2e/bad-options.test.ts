import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { boxImage, leavesNothing, needsBox, useEngine } from "./harness/index.ts";

/** A command line, its exit code, and what it prints: a sentence with the place, then what to do. `DIR` is the test's directory. */
type Row = readonly [line: string, code: number, sentence: RegExp, hint: RegExp];

const seeHelp = /^see 'tug run --help'$/;

const usage: Row[] = [
  ["--nonsense", 125, /^unknown flag: --nonsense$/, /^see 'tug --help'$/],
  ["run --nonsense box", 125, /^unknown flag: --nonsense$/, seeHelp],
  ["run -Z box", 125, /^unknown shorthand flag: 'Z' in -Z$/, seeHelp],
  ["run --memory", 125, /^flag needs an argument: --memory$/, seeHelp],
  ["run", 1, /^'tug run' requires at least 1 argument$/, seeHelp],
  ["frobnicate", 1, /^unknown command: tug frobnicate$/, /^see 'tug --help'$/],
];

const values: Row[] = [
  ["--memory lots box", 125, /^invalid argument "lots" for "-m, --memory" flag: /, seeHelp],
  ["--memory 1m box", 125, /^invalid --memory: .* less than 6 MB/, /^$/],
  [
    "--cpus 9000 box",
    125,
    /^invalid --cpus: 9000 is more than the machine has$/,
    /^the range is from 0\.01 to \d+$/,
  ],
  ["--memory 100m --memory-swap 50m box true", 125, /^cannot use --memory-swap: /, /^raise it$/],
  [
    "--mount type=bind,source=/absent,target=/x box",
    125,
    /\/x \(--mount\): .*: \/absent$/,
    /^make the directory/,
  ],
  [
    "--tmpfs /x:size=lots box true",
    125,
    /^cannot mount tmpfs on \/x \(--tmpfs\): size=lots: invalid argument$/,
    /^$/,
  ],
  [
    "--device /dev/absent box",
    125,
    /^cannot add device \/dev\/absent \(--device\): no such file/,
    /^look at .* ls -l \/dev$/,
  ],
  [
    "--device DIR/file box true",
    125,
    /^cannot add device DIR\/file \(--device\): there is no device node$/,
    /^look at/,
  ],
  ["--cap-add NONSENSE box", 125, /^cannot use capability CAP_NONSENSE: /, /capabilities\(7\)/],
  [
    "--security-opt seccomp=DIR/absent box",
    125,
    /^cannot read DIR\/absent \(--security-opt\): no such file or directory$/,
    /^$/,
  ],
  [
    "--security-opt seccomp=DIR/profile.json box true",
    125,
    /profile#\/defaultAction: .* found number 5$/,
    /^make it one of SCMP_ACT_KILL,/,
  ],
  ["--security-opt seccomp=DIR/file box true", 125, /seccomp profile DIR\/file: it is not valid JSON$/, /^$/],
  ["--ulimit weird=1 box", 125, /^invalid --ulimit: "weird" is no resource limit$/, /^$/],
  [
    "--sysctl kernel.x=1 box true",
    125,
    /^cannot use --sysctl: kernel\.x belongs to the whole machine$/,
    /^set it on the host$/,
  ],
  ["--pid container:absent box true", 125, /^No such container: absent$/, /^list them with: tug ps -a$/],
  [
    "--pid container:taken box true",
    125,
    /pid namespace of container taken: it is not running$/,
    /^start it first: tug start taken$/,
  ],
  [
    "--env-file DIR/absent box",
    125,
    /^cannot read DIR\/absent \(--env-file\): no such file or directory$/,
    /^$/,
  ],
  [
    "--env-file DIR/env box true",
    125,
    /^cannot read --env-file DIR\/env: line 2: the name "B C" contains whitespace$/,
    /^$/,
  ],
  [
    "--cidfile DIR/file box true",
    125,
    /^cannot create DIR\/file \(--cidfile\): file already exists$/,
    /^make sure that no other/,
  ],
  [
    "--hostname a_b. --hostname :: box",
    125,
    /^invalid --hostname: "::" is no host name$/,
    /^use letters, digits/,
  ],
  [
    "--log-driver gelf box",
    125,
    /^logger: no log driver named 'gelf' is registered$/,
    /^use one of json-file, none, syslog, journald$/,
  ],
  [
    "-p 80:80 box",
    125,
    /^cannot create the container: ports cannot be published: the container is on no network \(none\)$/,
    /^connect it with --network bridge, or use --network host without -p$/,
  ],
  [
    "--ip 10.0.0.9 box",
    125,
    /^cannot give the container an address, an alias or a link: it is on no network of its own \(none\)$/,
    /^name one: --network bridge/,
  ],
  ["--network bridge --ip 10.0.0.300 box", 125, /^"10\.0\.0\.300" is no address of IPv4 or IPv6$/, /^$/],
  [
    "--network bridge --mac-address 02:42 box",
    125,
    /^cannot use the hardware address "02:42": it is not six pairs of hexadecimal digits$/,
    /^write it like 02:42:ac:11:00:02$/,
  ],
  ["--network web box", 125, /^network web not found$/, /^list them with: tug network ls$/],
  [
    "--name taken box",
    125,
    /^Conflict\. The container name "\/taken" is already in use by container "[0-9a-f]{64}"\./,
    /^remove or rename/,
  ],
  ["--name a/b box", 125, /^invalid container name \(a\/b\)/, /^use at least two letters/],
  ["-t -i box", 1, /^the input device is not a TTY$/, /^leave out -t when/],
  [
    "--user absent box true",
    125,
    /^unable to find user absent: no matching entries in passwd file$/,
    /^use a number, or a user/,
  ],
  ["entry", 125, /^cannot create a container of entry: no command specified$/, /^the image names none/],
  ["UPPER", 125, /^cannot use image reference "UPPER": .*lowercase$/, /^write it as \[registry\//],
  ["a//b", 125, /^cannot use image reference "a\/\/b": "a\/\/b" is not a repository name$/, /^write it as/],
  ["a:b:c", 125, /^cannot use image reference "a:b:c": "b:c" is not a tag$/, /^write it as/],
  [
    "box@sha256:123",
    125,
    /^cannot use image reference "box@sha256:123": "sha256:123" is not a digest$/,
    /^write it as/,
  ],
];

const others: Row[] = [
  ["rm absent", 1, /^No such container: absent$/, /^list them with: tug ps -a$/],
  ["exec taken true", 1, /^container taken is not running$/, /^start it with: tug start taken$/],
  ["rmi absent", 1, /^No such image: absent$/, /^list the images with tug images/],
  ["pull UPPER", 1, /^cannot use image reference "UPPER"/, /^write it as/],
  ["tag box UPPER", 1, /^cannot use image reference "UPPER"/, /^write it as/],
  ["load --input DIR/absent", 1, /^cannot read DIR\/absent: no such file or directory$/, /^$/],
  [
    "load --input DIR",
    1,
    /^cannot load DIR: it is no OCI image layout: it has no oci-layout$/,
    /^give an archive, or a directory/,
  ],
  [
    "save --output DIR/absent/x.tar box",
    1,
    /^cannot write DIR\/absent\/x\.tar: no such file or directory$/,
    /^$/,
  ],
  [
    "export --output DIR/absent/x.tar taken",
    1,
    /^cannot write DIR\/absent\/x\.tar: no such file or directory$/,
    /^$/,
  ],
  [
    "explain DIR/file",
    1,
    /^cannot read config\.json: not valid JSON: unexpected token 'o'$/,
    /^the file must hold one JSON object/,
  ],
  ["inspect --format {{ taken", 1, /^template parsing error: an action is not closed/, /^$/],
  ["ps --filter weird=1", 1, /^invalid filter 'weird'$/, /^$/],
];

describe("bad command lines end with a sentence, what to do, and the right exit code", {
  skip: needsBox(),
}, () => {
  const engine = useEngine();
  before(async () => {
    const file = (name: string, content: string): void =>
      writeFileSync(join(engine.directory, name), content);
    file("file", "not json");
    file("env", "A=1\nB C=2\n");
    file("profile.json", '{"defaultAction": 5}');
    await engine.load({ "entry:latest": boxImage({ config: { Cmd: [] } }) });
    await engine.ok(["create", "--name", "taken", "box"]);
  });

  const check = async ([line, code, sentence, hint]: Row): Promise<void> => {
    const words = line.replaceAll("DIR", engine.directory).split(" ");
    const result = await engine.tug(words);
    const [first = "", second = "", ...rest] = result.stderr.replaceAll(engine.directory, "DIR").split("\n");
    assert.equal(result.code, code, `${line}\n${result.stderr}`);
    assert.match(first, /^tug: /, line);
    assert.match(first.slice(5), sentence, line);
    assert.match(second, hint, line);
    assert.equal(rest.join(""), "", line);
  };

  test("unknown commands and flags", async () => {
    await leavesNothing(engine, async () => {
      for (const row of usage) await check(row);
    });
  });

  test("values of tug run", async () => {
    await leavesNothing(engine, async () => {
      for (const [words, ...rest] of values) await check([`run --rm --pull never ${words}`, ...rest]);
    });
  });

  test("other commands", async () => {
    await leavesNothing(engine, async () => {
      for (const row of others) await check(row);
    });
  });
});
