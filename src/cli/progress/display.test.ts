import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import type { dockerApi } from "../../specs/index.ts";
import { renderBar } from "./bar.ts";
import { displayProgress } from "./display.ts";

const pull: dockerApi.ProgressMessage[] = [
  { status: "Pulling from library/debian", id: "12" },
  { id: "aaaa", status: "Pulling fs layer", progressDetail: {} },
  { id: "bbbb", status: "Pulling fs layer", progressDetail: {} },
  { id: "aaaa", status: "Downloading", progressDetail: { current: 500, total: 1000 } },
  { id: "bbbb", status: "Download complete", progressDetail: {} },
  { id: "aaaa", status: "Pull complete", progressDetail: {} },
  { status: "Status: Downloaded newer image for debian:12" },
];

async function display(terminal: boolean, width: number): Promise<string> {
  let text = "";
  const output = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  const messages = (async function* () {
    yield* pull;
  })();
  await displayProgress(messages, output, { terminal, width });
  return text;
}

/** What a terminal shows after some text, of which it understands what the display uses. */
function screen(text: string): string[] {
  const lines: string[] = [];
  let row = 0;
  for (const [part] of text.matchAll(/\x1b\[\d+[AB]|\x1b\[2K\r|\n|[^\x1b\n]+/g)) {
    const move = /^\x1b\[(\d+)([AB])$/.exec(part);
    if (move !== null) row += move[2] === "A" ? -Number(move[1]) : Number(move[1]);
    else if (part === "\n") row += 1;
    else lines[row] = part === "\x1b[2K\r" ? "" : part;
  }
  return lines;
}

test("piped progress is one line for each change of state", async () => {
  assert.equal(
    await display(false, 80),
    [
      "12: Pulling from library/debian",
      "aaaa: Pulling fs layer",
      "bbbb: Pulling fs layer",
      "bbbb: Download complete",
      "aaaa: Pull complete",
      "Status: Downloaded newer image for debian:12",
      "",
    ].join("\n"),
  );
});

test("on a terminal each layer keeps its line", async () => {
  assert.deepEqual(screen(await display(true, 80)), [
    "12: Pulling from library/debian",
    "aaaa: Pull complete",
    "bbbb: Download complete",
    "Status: Downloaded newer image for debian:12",
  ]);
});

test("no line is wider than the terminal", async () => {
  for (const line of screen(await display(true, 12))) assert.ok(line.length <= 12, line);
});

test("a bar has its numbers, and its picture where there is room", () => {
  const message = { progressDetail: { current: 500_000, total: 1_000_000 } };
  assert.equal(renderBar(message, 120), ` [${"=".repeat(25)}>${" ".repeat(25)}]  500kB/1MB`);
  assert.equal(renderBar(message, 80), "  500kB/1MB");
  assert.equal(renderBar({ progressDetail: { current: 7 } }, 120), "  7B");
  assert.equal(renderBar({ progressDetail: { current: 7, total: 5 } }, 80), "  7B");
  assert.equal(renderBar({}, 80), "");
});
