import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { importImage } from "./import.ts";

type Parts = Parameters<typeof importImage>[0];

function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

test("an archive from an address is whole, also where garbage is collected before it is read", async () => {
  const archive = Buffer.alloc(100_000, "a");
  await using server = createServer((_, response) => response.end(archive));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const collect = collector();
  const read: Uint8Array[] = [];
  const images: Parts["images"] = {
    async import(source) {
      // What has been collected is told to others in a later turn.
      for (let i = 0; i < 3; i++) {
        await sleep(20);
        collect();
      }
      for await (const chunk of source) read.push(chunk);
      return { id: "sha256:1" } as unknown as Awaited<ReturnType<Parts["images"]["import"]>>;
    },
  };
  const source = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const request = { source, changes: [] };
  await importImage({ images, events: { publish: () => undefined } }, request, AbortSignal.timeout(10_000));
  assert.ok(Buffer.concat(read).equals(archive), `${Buffer.concat(read).length} bytes have come`);
});
