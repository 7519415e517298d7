import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { CommitOptions, SnapshotForm, SnapshotMounts, Snapshotter } from "./snapshotter.ts";

/** A snapshotter for one test, the way to open it once more as after a restart, and the way to get rid of it. */
export type SnapshotterUnderTest = {
  snapshotter: Snapshotter;
  /** In which form layers are committed. */
  form: SnapshotForm;
  /** Where the files of a layer show that was filled by these mounts. */
  shown(mounts: SnapshotMounts): string;
  reopen(): Promise<Snapshotter>;
  dispose(): Promise<void>;
};

const usage = { bytes: 8192, inodes: 3 };

/** What every snapshotter promises. Mounting is not part of it: that needs root. */
export function snapshotterContract(name: string, make: () => Promise<SnapshotterUnderTest>): void {
  describe(`${name} as a snapshotter`, () => {
    let subject: SnapshotterUnderTest;
    let snapshotter: Snapshotter;
    beforeEach(async () => {
      subject = await make();
      snapshotter = subject.snapshotter;
    });
    afterEach(() => subject.dispose());

    const commit = (name: string, key: string, options: CommitOptions = {}) =>
      snapshotter.commit(name, key, { usage, form: subject.form, ...options });

    /** A committed snapshot. */
    async function layer(key: string, parent?: string, options = {}) {
      await snapshotter.prepare(`making ${key}`, parent);
      await commit(key, `making ${key}`, options);
    }

    it("makes an active snapshot that can be written to", async () => {
      const mounts = await snapshotter.prepare("a");
      assert.deepEqual(mounts.lowers, []);
      assert.ok(mounts.upper !== undefined);
      assert.deepEqual(snapshotter.mounts("a"), mounts);
      assert.equal(snapshotter.info("a")?.kind, "active");
    });

    it("renews an active snapshot, mounted or not, and keeps what is in it", async () => {
      const mounts = await snapshotter.prepare("a");
      await snapshotter.renew("a");
      assert.deepEqual(snapshotter.mounts("a"), mounts);
      await assert.rejects(snapshotter.renew("none"), { code: "IMAGE_SNAPSHOT_NOT_FOUND" });
    });

    it("commits it under another key, where it can be a parent", async () => {
      const mounts = await snapshotter.prepare("a");
      await commit("layer", "a");
      assert.equal(snapshotter.info("a"), undefined);
      assert.equal(snapshotter.info("layer")?.kind, "committed");
      assert.deepEqual((await snapshotter.prepare("b", "layer")).lowers, [subject.shown(mounts)]);
      assert.equal(snapshotter.info("b")?.parent, "layer");
    });

    it("gives the layers of a chain, the topmost first", async () => {
      await layer("1");
      await layer("2", "1");
      await layer("3", "2");
      const { lowers } = await snapshotter.prepare("a", "3");
      assert.equal(lowers.length, 3);
      assert.equal(new Set(lowers).size, 3);
      const { lowers: two } = await snapshotter.view("v", "2");
      assert.deepEqual(two, lowers.slice(1));
    });

    it("lets layers be filled side by side and get their parent at commit", async () => {
      const first = await snapshotter.prepare("a");
      const second = await snapshotter.prepare("b");
      await commit("1", "a");
      await commit("2", "b", { parent: "1" });
      const shown = [second, first].map(subject.shown);
      assert.deepEqual((await snapshotter.view("v", "2")).lowers, shown);
      assert.equal(snapshotter.info("2")?.parent, "1");
    });

    it("leaves out what a layer hides as a whole", async () => {
      await layer("1");
      await layer("2", "1", { hidesAll: true });
      await layer("3", "2");
      assert.equal((await snapshotter.view("v", "3")).lowers.length, 2);
    });

    it("tells in advance what a snapshot would be", async () => {
      assert.deepEqual(snapshotter.predict("a"), await snapshotter.prepare("a"));
      await layer("1");
      await snapshotter.remove("a");
      const predicted = snapshotter.predict("b", "1");
      assert.deepEqual(await snapshotter.prepare("b", "1"), predicted);
      assert.throws(() => snapshotter.predict("c", "none"), { code: "IMAGE_SNAPSHOT_NOT_FOUND" });
    });

    it("makes views read-only", async () => {
      await layer("1");
      const mounts = await snapshotter.view("v", "1");
      assert.equal(mounts.upper, undefined);
      await assert.rejects(commit("2", "v"), { code: "IMAGE_SNAPSHOT_STATE" });
    });

    it("refuses keys that are taken, by an active or a committed one", async () => {
      await layer("1");
      await snapshotter.prepare("a");
      const taken = { code: "IMAGE_SNAPSHOT_EXISTS", kind: "conflict" };
      await assert.rejects(snapshotter.prepare("a"), taken);
      await assert.rejects(snapshotter.prepare("1"), taken);
      await assert.rejects(snapshotter.view("a", "1"), taken);
      await assert.rejects(commit("1", "a"), taken);
    });

    it("lets one of two have a key for which both ask at once", async () => {
      const asked = await Promise.allSettled([snapshotter.prepare("a"), snapshotter.prepare("a")]);
      assert.deepEqual(asked.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
      const [refused] = asked.filter((each) => each.status === "rejected");
      assert.equal(refused?.reason.code, "IMAGE_SNAPSHOT_EXISTS");
    });

    it("refuses parents that are missing or not committed", async () => {
      await snapshotter.prepare("a");
      await assert.rejects(snapshotter.prepare("b", "none"), { code: "IMAGE_SNAPSHOT_NOT_FOUND" });
      await assert.rejects(snapshotter.prepare("b", "a"), { code: "IMAGE_SNAPSHOT_STATE" });
      await assert.rejects(commit("c", "none"), { code: "IMAGE_SNAPSHOT_NOT_FOUND" });
      await assert.rejects(commit("c", "a", { parent: "none" }), {
        code: "IMAGE_SNAPSHOT_NOT_FOUND",
      });
      assert.equal(snapshotter.info("b"), undefined);
    });

    it("does not give one snapshot two parents", async () => {
      await layer("1");
      await layer("2");
      await snapshotter.prepare("a", "1");
      await assert.rejects(commit("3", "a", { parent: "2" }), {
        code: "IMAGE_SNAPSHOT_STATE",
      });
    });

    it("mounts nothing that is committed or not there", async () => {
      await layer("1");
      assert.throws(() => snapshotter.mounts("1"), { code: "IMAGE_SNAPSHOT_STATE" });
      assert.throws(() => snapshotter.mounts("none"), { code: "IMAGE_SNAPSHOT_NOT_FOUND" });
    });

    it("removes snapshots, but none that another stands on", async () => {
      await layer("1");
      await snapshotter.prepare("a", "1");
      await assert.rejects(snapshotter.remove("1"), { code: "IMAGE_SNAPSHOT_IN_USE", kind: "conflict" });
      await snapshotter.remove("a");
      await snapshotter.remove("1");
      await snapshotter.remove("1");
      assert.deepEqual(snapshotter.list(), []);
      await layer("1");
    });

    it("tells where what belongs to a snapshot and to those below it is kept", async () => {
      await layer("1");
      await layer("2", "1", { hidesAll: true });
      await layer("3", "2");
      const { upper = "" } = await snapshotter.prepare("a", "3");
      const [own, ...others] = snapshotter.places("a");
      assert.equal(own, dirname(upper));
      assert.deepEqual(others, snapshotter.places("3"));
      assert.equal(others.length, 2);
      assert.throws(() => snapshotter.places("none"), { code: "IMAGE_SNAPSHOT_NOT_FOUND" });
    });

    it("lists parents before their children", async () => {
      await snapshotter.prepare("late");
      await layer("1");
      await layer("2", "1");
      await commit("3", "late", { parent: "2" });
      const keys = snapshotter.list().map(({ key }) => key);
      assert.deepEqual(keys, ["1", "2", "3"]);
    });

    it("knows what a snapshot takes", async () => {
      await layer("1");
      await snapshotter.view("v", "1");
      assert.deepEqual(await snapshotter.usage("1"), usage);
      assert.deepEqual(await snapshotter.usage("v"), { bytes: 0, inodes: 0 });
    });

    it("has everything again after a restart", async () => {
      await layer("1");
      const mounts = await snapshotter.prepare("a", "1");
      const list = snapshotter.list();
      const lowers = snapshotter.mounts("a").lowers;
      snapshotter = await subject.reopen();
      assert.deepEqual(snapshotter.list(), list);
      assert.deepEqual(lowers.map(existsSync), [true]);
      assert.deepEqual(snapshotter.mounts("a"), mounts);
    });
  });
}
