import assert from "node:assert/strict";
import { appendFile, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { dockerApi } from "../../specs/index.ts";
import type { FollowOptions } from "./follow-log.ts";
import { type LogQuery, readLog } from "./read-log.ts";
import { logLine, type TestRecord, timeOf } from "./testing/log-lines.ts";

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tug-"));
  path = join(directory, "log.json");
});
afterEach(() => rm(directory, { recursive: true }));

const all: LogQuery = { stdout: true, stderr: true, framing: "raw", timestamps: false };

const write = (file: string, records: readonly TestRecord[]): Promise<void> =>
  writeFile(file, records.map(logLine).join(""));

async function read(query: Partial<LogQuery> = {}): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const bytes of readLog(path, { ...all, ...query })) chunks.push(bytes);
  return Buffer.concat(chunks).toString();
}

const numbered = (count: number, first = 0): TestRecord[] =>
  Array.from({ length: count }, (_, index) => ({ log: `line ${first + index}\n`, second: first + index }));

test("a log that is not there is empty", async () => {
  assert.equal(await read(), "");
  assert.equal(await read({ tail: 3, since: timeOf(0) }), "");
});

test("every kind of record is given back as it was written", async () => {
  const texts = [
    "plain\n",
    "",
    "\n",
    'quote " and backslash \\ and \\n\n',
    "tab\tbell\u0007 escape \u001b[31m\n",
    "ünïcödé ✓ 𝄞\n",
    "a piece without an end ",
    "and its end\n",
    "x".repeat(16_384),
    '","stream":"stderr","time":"\n',
    "}\n",
  ];
  await write(
    path,
    texts.map((log) => ({ log })),
  );
  assert.equal(await read(), texts.join(""));
  await write(
    path,
    texts.map((log) => ({ log, attrs: { tier: "front" } })),
  );
  assert.equal(await read(), texts.join(""));
});

test("what is no record is left out", async () => {
  const lines = [
    logLine({ log: "a\n" }),
    '{"log":"half',
    "\n",
    "[]\n",
    "null\n",
    '{"log":"x\\n"}\n',
    logLine({ log: "b\n" }),
  ];
  await writeFile(path, `${lines.join("")}{"log":"unfinished\\n","stream`);
  assert.equal(await read(), "a\nb\n");
});

test("rotated files come first, and half a record at the end of one spoils nothing", async () => {
  await write(`${path}.2`, [{ log: "1\n" }]);
  await writeFile(`${path}.1`, `${logLine({ log: "2\n" })}{"log":"ha`);
  await write(path, [{ log: "3\n" }]);
  assert.equal(await read(), "1\n2\n3\n");
  assert.equal(await read({ tail: 2 }), "2\n3\n");
  assert.equal(await read({ tail: 3 }), "1\n2\n3\n");
});

test("the last lines are counted with the pieces that they are made of, over files and blocks", async () => {
  await write(`${path}.1`, numbered(20_000));
  await write(path, [
    ...numbered(20_000, 20_000),
    { log: "long ", second: 40_000 },
    { log: "line\n", second: 40_001 },
    { log: "no end", second: 40_002 },
  ]);
  const lines = (await read()).split("\n");
  for (const tail of [0, 1, 2, 3, 5000, 20_001, 20_002, 30_000, 40_001, 50_000]) {
    const expected = tail === 0 ? [] : lines.slice(-tail - 1);
    assert.equal(await read({ tail }), expected.join("\n"), String(tail));
  }
});

test("times choose from whole logs and from their ends", async () => {
  await write(`${path}.1`, numbered(30_000));
  await write(path, numbered(30_000, 30_000));
  const range = { since: timeOf(29_999), until: timeOf(30_001) };
  assert.equal(await read(range), "line 29999\nline 30000\nline 30001\n");
  assert.equal(await read({ since: timeOf(59_999) }), "line 59999\n");
  assert.equal(await read({ since: timeOf(60_000) }), "");
  assert.equal((await read({ until: timeOf(2) })).length, "line 0\n".length * 3);
  assert.equal(await read({ ...range, tail: 2 }), "line 30000\nline 30001\n");
  assert.equal(await read({ since: timeOf(12_345), tail: 3 }), "line 59997\nline 59998\nline 59999\n");
});

test("each output can be chosen, and the last lines are those of the chosen one", async () => {
  await write(path, [
    { log: "o1\n" },
    { log: "e1\n", stream: "stderr" },
    { log: "o2\n" },
    { log: "e2\n", stream: "stderr" },
  ]);
  assert.equal(await read({ stdout: false }), "e1\ne2\n");
  assert.equal(await read({ stderr: false, tail: 1 }), "o2\n");
});

test("a timestamp stands before each line, not before each piece of one", async () => {
  await write(path, [
    { log: "one ", second: 1 },
    { log: "\n", stream: "stderr", second: 2 },
    { log: "line\n", second: 3 },
    { log: "escaped \\\n", second: 4 },
  ]);
  assert.equal(
    await read({ timestamps: true, stderr: false }),
    `${timeOf(1)} one line\n${timeOf(4)} escaped \\\n`,
  );
});

test("frames hold one record each, or what one output wrote in a row", async () => {
  const records: TestRecord[] = [
    { log: "a\n" },
    { log: "b\n" },
    { log: "c\n", stream: "stderr" },
    { log: "\t\n" },
    { log: "" },
  ];
  await write(path, records);
  const framesOf = async (framing: LogQuery["framing"]) => {
    const chunks: Buffer[] = [];
    for await (const bytes of readLog(path, { ...all, framing })) chunks.push(Buffer.from(bytes));
    return dockerApi
      .createFrameDecoder()(Buffer.concat(chunks))
      .map(({ stream, data }) => [stream, Buffer.from(data).toString()]);
  };
  assert.deepEqual(await framesOf("each"), [
    ["stdout", "a\n"],
    ["stdout", "b\n"],
    ["stderr", "c\n"],
    ["stdout", "\t\n"],
  ]);
  assert.deepEqual(await framesOf("merged"), [
    ["stdout", "a\nb\n"],
    ["stderr", "c\n"],
    ["stdout", "\t\n"],
  ]);
});

test("random logs are read as a JSON parser reads them", async () => {
  const alphabet = ["a", "b", '"', "\\", "\n", "\t", "é", "€", "\u0000", "log", '":"', "\\n"];
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % below;
  };
  for (let round = 0; round < 50; round += 1) {
    const records = Array.from({ length: random(200) }, (_, second): TestRecord => {
      const text = Array.from({ length: random(30) }, () => alphabet[random(alphabet.length)]).join("");
      return {
        log: text.replaceAll("\n", "") + (random(4) > 0 ? "\n" : ""),
        stream: random(3) > 0 ? "stdout" : "stderr",
        second,
      };
    });
    await write(path, records);
    assert.equal(await read(), records.map(({ log }) => log).join(""));
    const errors = records.filter(({ stream }) => stream === "stderr");
    assert.equal(await read({ stdout: false }), errors.map(({ log }) => log).join(""));
  }
});

/** Follows the log until it holds what is wanted. */
function follow(options: { growing: () => boolean }) {
  const listeners = new Set<() => void>();
  const stop = new AbortController();
  const followOptions: Omit<FollowOptions, "from"> = {
    mayGrow: options.growing,
    signal: stop.signal,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  let text = "";
  const ended = (async () => {
    for await (const bytes of readLog(path, all, followOptions)) text += bytes.toString();
  })();
  return {
    ended,
    stop,
    text: () => text,
    tell: () => {
      for (const listener of listeners) listener();
    },
    async holds(wanted: string): Promise<void> {
      while (!text.includes(wanted)) await sleep(5);
    },
  };
}

test("following goes on over rotations, many at once too, and ends with the container", async () => {
  let running = true;
  await write(path, [{ log: "0\n" }]);
  const log = follow({ growing: () => running });
  await log.holds("0\n");
  await appendFile(path, `${logLine({ log: "1\n" })}{"log":"2`);
  await log.holds("1\n");
  await appendFile(path, `\\n","stream":"stdout","time":"${timeOf(0)}"}\n`);
  await log.holds("2\n");
  // Three rotations before anybody looks.
  await appendFile(path, logLine({ log: "3\n" }));
  for (const text of ["4\n", "5\n", "6\n"]) {
    await rename(`${path}.1`, `${path}.2`).catch(() => undefined);
    await rename(path, `${path}.1`);
    await write(path, [{ log: text }]);
  }
  await log.holds("6\n");
  running = false;
  await appendFile(path, logLine({ log: "end\n" }));
  log.tell();
  await log.ended;
  assert.match(log.text(), /^0\n1\n2\n3\n(4\n)?5\n6\nend\n$/);
});

test("following a log that is not there yet begins when it is, and a signal ends it", async () => {
  const log = follow({ growing: () => true });
  await write(path, [{ log: "hello\n" }]);
  await log.holds("hello\n");
  log.stop.abort();
  await log.ended;
  assert.equal(log.text(), "hello\n");
});
