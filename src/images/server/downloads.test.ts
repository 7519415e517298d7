import assert from "node:assert/strict";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openDatabase, sha256 } from "../../base/index.ts";
import { openLayoutStore } from "../content/layout-store.ts";
import { leaseMigrations, openLeases } from "../leases.ts";
import { createDownloads } from "./downloads.ts";

const data = Buffer.alloc(3_000_000, "y");
const blob = { digest: sha256(data), size: data.length };

test("a reader in the middle of a blob whose file is closed goes on with what is in the store", async () => {
  const path = await mkdtemp(join(tmpdir(), "tug-downloads-"));
  await using scope = new AsyncDisposableStack();
  scope.defer(() => rm(path, { recursive: true }));
  using database = openDatabase(":memory:", leaseMigrations);
  const [finish, closed, go] = [gate(), gate(), gate()];
  const content = await openLayoutStore(path, {
    async openFile(...args) {
      const file = await open(...args);
      const close = file.close.bind(file);
      file.close = async () => {
        await close();
        closed.resolve();
        await go.promise;
      };
      return file;
    },
  });
  await using downloads = createDownloads({ content, leases: openLeases(database), onStored: () => {} });
  async function* origin() {
    yield data.subarray(0, 2_000_000);
    await finish.promise;
    yield data.subarray(2_000_000);
  }
  const range = { first: 0, last: data.length - 1 };
  const reader = downloads.read(blob, { origin, range, signal: new AbortController().signal });
  const pieces = [(await reader.next()).value];
  finish.resolve();
  await closed.promise;
  setTimeout(go.resolve, 50);
  for await (const each of reader) pieces.push(each);
  assert.ok(Buffer.concat(pieces.map((each) => each ?? Buffer.of())).equals(data));
});

const gate = () => Promise.withResolvers<void>();
