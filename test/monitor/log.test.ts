import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { appendFile, mkdir, readFile, rename, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { MonitorLog } from "../../src/helper/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { startContainer } from "./container.ts";

const skip = requireRoot();
const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/;
const pieceSize = 16 * 1024;

/** Runs a shell script to its end and gives back the lines of its log. */
async function logOf(directory: string, script: string, log: Partial<MonitorLog> = {}): Promise<string[]> {
  const path = join(directory, "log");
  await using container = await startContainer(directory, script, {
    log: { format: "json-file", path, ...log },
  });
  await container.finished();
  return (await readFile(path, "latin1")).split("\n").slice(0, -1);
}

/** Runs Perl code, without any quote `'`, that writes bytes. */
const perl = (code: string) => `exec perl -e '${code}'`;

test("json-file: one object per line, with stream, attributes and time, in this order", {
  skip,
}, async () => {
  await using place = await temporaryDirectory();
  const before = new Date();
  const lines = await logOf(place.path, "echo one; sleep 0.05; echo two >&2; sleep 0.05; echo; printf rest", {
    attributes: { tag: 'a "b"', name: "x" },
  });
  const records = lines.map((line) => JSON.parse(line));
  assert.deepEqual(
    records.map(({ log, stream }) => [log, stream]),
    [
      ["one\n", "stdout"],
      ["two\n", "stderr"],
      ["\n", "stdout"],
      ["rest\n", "stdout"],
    ],
  );
  for (const record of records) {
    assert.deepEqual(Object.keys(record), ["log", "stream", "attrs", "time"]);
    assert.deepEqual(record.attrs, { tag: 'a "b"', name: "x" });
    assert.match(record.time, timePattern);
    const time = new Date(record.time);
    assert.ok(time >= before && time <= new Date(), record.time);
  }
  const times = records.map(({ time }) => time);
  assert.deepEqual(times, [...times].sort());
});

test("json-file: every byte value survives, what is no UTF-8 becomes U+FFFD", { skip }, async () => {
  await using place = await temporaryDirectory();
  const code = `
    print map({ chr } grep { $_ != 10 } 0..255), "\\n";
    print "ä€𐍈 \\xe2\\x80\\xa8\\xf4\\x8f\\xbf\\xbf\\n";
    print "\\xc0\\x80 \\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80 \\xe2\\x82 \\xf0\\x9f\\x92\\n";`;
  const lines = await logOf(place.path, perl(code));
  const texts = lines.map((line) => JSON.parse(Buffer.from(line, "latin1").toString("utf8")).log);
  const ascii = Array.from({ length: 128 }, (_, index) => index).filter((index) => index !== 10);
  assert.equal(texts[0], `${String.fromCharCode(...ascii)}${"\ufffd".repeat(128)}\n`);
  assert.equal(texts[1], "ä€𐍈 \u2028\u{10ffff}\n");
  assert.equal(
    texts[2],
    `${"\ufffd".repeat(2)} ${"\ufffd".repeat(3)} ${"\ufffd".repeat(4)} ${"\ufffd".repeat(2)} ${"\ufffd".repeat(3)}\n`,
  );
});

test("json-file: long lines come in pieces of 16 KiB that cut no character", { skip }, async () => {
  await using place = await temporaryDirectory();
  const code = `
    print "x" x ${pieceSize}, "\\n";
    print "y" x ${2 * pieceSize + 5}, "\\n";
    print "z", "ä" x ${pieceSize}, "\\n";
    print "\\x80" x ${pieceSize + 1}, "\\n";`;
  const lines = await logOf(place.path, perl(code));
  const texts: string[] = lines.map((line) => JSON.parse(Buffer.from(line, "latin1").toString("utf8")).log);
  assert.deepEqual(
    texts.map((text) => [text.slice(0, 2), Buffer.byteLength(text), text.endsWith("\n")]),
    [
      ["xx", pieceSize + 1, true],
      ["yy", pieceSize, false],
      ["yy", pieceSize, false],
      ["yy", 6, true],
      ["zä", pieceSize - 1, false],
      ["ää", pieceSize, false],
      ["ä\n", 3, true],
      ["\ufffd\ufffd", pieceSize * 3, false],
      ["\ufffd\n", 4, true],
    ],
  );
});

test("cri: time, stream, tag, text", { skip }, async () => {
  await using place = await temporaryDirectory();
  const code = `
    syswrite STDOUT, "plain \\\\ text\\n"; select undef, undef, undef, 0.05;
    syswrite STDERR, "to stderr\\n"; select undef, undef, undef, 0.05;
    syswrite STDOUT, "x" x ${pieceSize + 10} . "\\n";
    syswrite STDOUT, "no end";`;
  const lines = await logOf(place.path, perl(code), { format: "cri" });
  const parts = lines.map((line) => /^(\S+) (\S+) (\S) (.*)$/s.exec(line)?.slice(1) ?? []);
  for (const [time] of parts) assert.match(time ?? "", timePattern);
  assert.deepEqual(
    parts.map(([, stream, tag, text]) => [stream, tag, text]),
    [
      ["stdout", "F", "plain \\ text"],
      ["stderr", "F", "to stderr"],
      ["stdout", "P", "x".repeat(pieceSize)],
      ["stdout", "F", "x".repeat(10)],
      ["stdout", "P", "no end"],
    ],
  );
});

test("lines of both streams that come in bits are kept apart", { skip }, async () => {
  await using place = await temporaryDirectory();
  const code = `
    for (0..19) { syswrite STDOUT, "o$_ "; syswrite STDERR, "e$_ "; select undef, undef, undef, 0.002 }
    syswrite STDERR, "\\n"; syswrite STDOUT, "\\n";`;
  const records = (await logOf(place.path, perl(code))).map((line) => JSON.parse(line));
  const numbers = Array.from({ length: 20 }, (_, index) => index);
  assert.deepEqual(Object.fromEntries(records.map(({ stream, log }) => [stream, log])), {
    stdout: `${numbers.map((number) => `o${number} `).join("")}\n`,
    stderr: `${numbers.map((number) => `e${number} `).join("")}\n`,
  });
});

test("an existing log is continued, half a record in it does not spoil the next", { skip }, async () => {
  await using place = await temporaryDirectory();
  await writeFile(join(place.path, "log"), '{"log":"old\\n"}\n{"log":"ha');
  const lines = await logOf(place.path, "echo new");
  assert.deepEqual(lines.slice(0, 2), ['{"log":"old\\n"}', '{"log":"ha']);
  assert.equal(JSON.parse(lines[2] ?? "").log, "new\n");
});

test("files are rotated by size, no record is lost or cut, the oldest files go", { skip }, async () => {
  await using place = await temporaryDirectory();
  const count = 2000;
  for (const maxFiles of [1, 3, 500]) {
    const directory = join(place.path, `${maxFiles}`);
    await mkdir(directory);
    await logOf(directory, `i=0; while [ $i -lt ${count} ]; do echo line $i; i=$((i+1)); done`, {
      maxSize: 4096,
      maxFiles,
    });
    const names = readdirSync(directory).filter((name) => name.startsWith("log"));
    const age = (name: string) => Number(name.slice("log.".length));
    names.sort((a, b) => age(b) - age(a));
    assert.ok(maxFiles === 500 ? names.length > 20 : names.length === maxFiles, `${names}`);
    const texts = names.map((name) => readFileSync(join(directory, name), "utf8"));
    assert.ok(texts.every((text) => text.length <= 4096 && text.endsWith("\n")));
    const numbers = texts
      .join("")
      .split("\n")
      .slice(0, -1)
      .map((line) => Number(JSON.parse(line).log.slice("line ".length)));
    const first = maxFiles === 500 ? 0 : (numbers[0] ?? 0);
    assert.deepEqual(
      numbers,
      Array.from({ length: count - first }, (_, index) => first + index),
    );
  }
});

test("a file that is too old is left with the next line", { skip }, async () => {
  await using place = await temporaryDirectory();
  await logOf(place.path, "echo first; sleep 2.1; echo second", { maxAge: 2, maxFiles: 2 });
  const text = (name: string) => JSON.parse(readFileSync(join(place.path, name), "utf8")).log;
  assert.equal(text("log.1"), "first\n");
  assert.equal(text("log"), "second\n");
});

test("a log that somebody renames is reopened on request; one that is emptied goes on", {
  skip,
}, async () => {
  await using place = await temporaryDirectory();
  const path = join(place.path, "log");
  await using container = await startContainer(place.path, "exec cat", {
    openStdin: true,
    log: { format: "cri", path },
  });
  const client = await container.attach();
  const say = async (text: string) => {
    client.write(`${text}\n`);
    await client.until(new RegExp(text));
  };
  await say("one");
  await rename(path, `${path}.old`);
  await say("two");
  await container.control.reopenLog();
  await say("three");
  await truncate(path);
  await say("four");
  const texts = (name: string) => readFileSync(name, "utf8").match(/[a-z]+$/gm);
  assert.deepEqual(texts(`${path}.old`), ["one", "two"]);
  assert.deepEqual(texts(path), ["four"]);
  assert.equal(statSync(path).mode & 0o777, 0o640);
});

test("a log can be stopped and taken up again", { skip }, async () => {
  await using place = await temporaryDirectory();
  const path = join(place.path, "log");
  await using container = await startContainer(place.path, "exec cat", {
    openStdin: true,
    log: { format: "cri", path },
  });
  const client = await container.attach();
  for (const [text, stopped] of [
    ["one", false],
    ["two", true],
    ["three", false],
  ] as const) {
    await container.control.stopLog(stopped);
    client.write(`${text}\n`);
    await client.until(new RegExp(text));
  }
  assert.deepEqual((await readFile(path, "utf8")).match(/[a-z]+$/gm), ["one", "three"]);
});

test("what others append to the file stays whole", { skip }, async () => {
  await using place = await temporaryDirectory();
  const path = join(place.path, "log");
  await using container = await startContainer(place.path, "exec cat", {
    openStdin: true,
    log: { format: "cri", path },
  });
  const client = await container.attach();
  client.write("one\n");
  await client.until(/one/);
  await appendFile(path, "foreign\n");
  client.write("two\n");
  await client.until(/two/);
  assert.deepEqual((await readFile(path, "utf8")).match(/[a-z]+$/gm), ["one", "foreign", "two"]);
});
