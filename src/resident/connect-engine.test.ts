import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connectEngine } from "./connect-engine.ts";

/** A process that holds the lock as an engine does, and does not answer yet; callers wait 50 milliseconds for one. */
async function openScene() {
  const directory = await mkdtemp(join(tmpdir(), "tug-"));
  const at = (name: string) => join(directory, name);
  const lock = new DatabaseSync(at("engine.lock"));
  lock.exec("BEGIN EXCLUSIVE");
  const server = createServer((_, response) => void response.end('{"Version":"1","Build":"b","Pid":1}'));
  const told: string[] = [];
  return {
    told,
    work: () => writeFile(at("engine.work"), "it does something\n"),
    endWork: () => rm(at("engine.work")),
    answer: () => new Promise<void>((done) => server.listen(at("tug.sock"), done)),
    connect: () =>
      connectEngine({
        socket: at("tug.sock"),
        uid: 0,
        own: { version: "1", build: "b" },
        check: async () => {},
        start: () => assert.fail("one is on its way"),
        lockFile: at("engine.lock"),
        logFile: at("engine.log"),
        workFile: at("engine.work"),
        onWork: (sentence) => told.push(sentence),
        patience: 50,
      }),
    async [Symbol.asyncDispose]() {
      lock.close();
      server.close();
      server.closeAllConnections();
      await rm(directory, { recursive: true });
    },
  };
}

const inVain = { code: "ENGINE_PROCESS_START", message: /it does not answer$/ };

test("an engine that says what it does before it answers is waited for as long as it takes", async () => {
  await using scene = await openScene();
  await scene.work();
  const connecting = scene.connect();
  // Much longer than others are waited for.
  await sleep(500);
  await scene.endWork();
  await scene.answer();
  (await connecting)[Symbol.dispose]();
  assert.deepEqual(scene.told, ["it does something"]);
});

test("one that says nothing, or nothing any more, is not", async () => {
  await using scene = await openScene();
  await assert.rejects(scene.connect(), inVain);
  await scene.work();
  const connecting = scene.connect();
  const failed = assert.rejects(connecting, inVain);
  await sleep(200);
  await scene.endWork();
  await failed;
});
