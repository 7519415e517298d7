import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { type DiskImage, orderImages } from "./order.ts";
import { type MemoryDisk, memoryDisk } from "./testing/memory-disk.ts";
import { type Removal, type TrimOptions, trimDisk } from "./trim.ts";

const HOUR = 3_600_000;
const now = 1000 * HOUR;

/** An image that may go, last used so many hours ago. */
const image = (id: string, hours: number, changes: Partial<DiskImage> = {}): DiskImage => ({
  id,
  names: [`${id}:1`, `docker.io/library/${id}:1`],
  lastUsed: now - hours * HOUR,
  hosting: undefined,
  isInUse: false,
  isBuiltIn: false,
  ...changes,
});

describe("trimming of the disk", () => {
  let disk: MemoryDisk;
  let removed: Removal[];
  beforeEach(() => {
    disk = memoryDisk();
    removed = [];
  });
  const trim = (budget: number, options: Partial<TrimOptions> = {}) =>
    trimDisk(disk.port, {
      budget,
      keep: 24 * HOUR,
      keepImages: [],
      stoppedContainers: false,
      now: () => now,
      onRemoved: (removal) => removed.push(removal),
      signal: new AbortController().signal,
      ...options,
    });
  const put = (bytes: number, ...images: DiskImage[]): void => {
    for (const each of images) disk.images.set(each, bytes);
  };

  it("does nothing while the budget is kept", async () => {
    put(50, image("old", 900));
    disk.leftovers = 50;
    assert.deepEqual(await trim(100), { before: 100, after: 100 });
    assert.deepEqual(disk.done, []);
  });

  it("goes down to nine tenths: leftovers, caches, images without a name, then those unused for longest", async () => {
    disk.leftovers = 10;
    disk.caches = 10;
    put(10, image("new", 30), image("old", 900), image("older", 950));
    put(10, image("nameless", 25, { names: [] }), image("mirrored", 26, { hosting: "cached" }));
    disk.rest = 30;
    assert.deepEqual(await trim(99), { before: 100, after: 80 });
    assert.deepEqual(disk.done, ["leftovers", "caches"]);
    assert.deepEqual(await trim(50), { before: 80, after: 40 });
    assert.deepEqual(disk.done.slice(4), ["mirrored", "nameless", "older", "old"]);
    assert.deepEqual(removed.at(-1), {
      kind: "image",
      id: "old",
      name: "old:1",
      lastUsed: now - 900 * HOUR,
      bytes: 10,
    });
    assert.equal(
      removed.reduce((sum, { bytes }) => sum + bytes, 0),
      60,
    );
  });

  it("never takes what is in use, pushed, built in, kept by name or used lately", async () => {
    put(10, image("used", 900, { isInUse: true }), image("pushed", 900, { hosting: "pushed" }));
    put(10, image("hello", 900, { isBuiltIn: true }), image("recent", 23));
    put(10, image("tagged", 900), image("repository", 900), image("full", 900));
    put(10, image("goes", 25));
    const keepImages = ["tagged:1", "repository", "docker.io/library/full:1", "goes:2", "oes"];
    assert.deepEqual(await trim(10, { keepImages }), { before: 80, after: 70 });
    assert.deepEqual(disk.done, ["leftovers", "caches", "goes"]);
    const places = orderImages(disk.port.images(), { keep: 24 * HOUR, keepImages, now });
    assert.deepEqual(Object.fromEntries(places.map(({ image: { id }, stays }) => [id, stays])), {
      used: "it is in use",
      pushed: "it was pushed here",
      hello: "it comes with tug",
      recent: "it was used lately",
      tagged: "the configuration keeps it",
      repository: "the configuration keeps it",
      full: "the configuration keeps it",
    });
  });

  it("keeps for some minutes what nothing says to keep for longer", async () => {
    put(10, image("now", 0), image("older", 1));
    await trim(1, { keep: 0 });
    assert.deepEqual(disk.done.slice(2), ["older"]);
  });

  it("leaves what comes into use meanwhile, and goes on with the next", async () => {
    put(10, image("first", 900), image("second", 800));
    disk.onRemove = (what) => {
      if (what !== "first") return;
      const [first] = disk.images.keys();
      if (first !== undefined) Object.assign(first, { isInUse: true });
    };
    assert.deepEqual(await trim(1), { before: 20, after: 10 });
    assert.deepEqual(disk.done.slice(2), ["second"]);
    assert.equal(removed.length, 1);
  });

  it("takes stopped containers last, where it may, and then their images", async () => {
    put(10, image("web", 900));
    disk.containers.set({ id: "c2", name: "b", since: now - 50 * HOUR }, { bytes: 5, image: "web" });
    disk.containers.set({ id: "c1", name: "a", since: now - 60 * HOUR }, { bytes: 5, image: "web" });
    disk.containers.set({ id: "c3", name: "c", since: now - 2 * HOUR }, { bytes: 5 });
    assert.deepEqual(await trim(10), { before: 25, after: 25 });
    assert.deepEqual(await trim(10, { stoppedContainers: true }), { before: 25, after: 5 });
    assert.deepEqual(disk.done.slice(4), ["c1", "c2", "web"]);
  });

  it("waits for a quiet moment before each removal, and ends between two when it has to", async () => {
    put(10, image("first", 900), image("second", 800));
    const stop = new AbortController();
    let waits = 0;
    disk.onRemove = (what) => {
      if (what === "quiet") waits += 1;
      if (waits === 4) stop.abort();
    };
    await assert.rejects(trim(1, { signal: stop.signal }), { name: "AbortError" });
    assert.deepEqual(disk.done, ["leftovers", "caches", "first"]);
  });
});
