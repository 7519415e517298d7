import assert from "node:assert/strict";
import { test } from "node:test";
import { type Digest, openDatabase } from "../base/index.ts";
import { leaseMigrations, openLeases } from "./leases.ts";

const blob = { kind: "blob", resource: `sha256:${"0".repeat(64)}` as Digest } as const;

test("a temporary lease keeps until it ends, and nothing after that", async () => {
  using database = openDatabase(":memory:", leaseMigrations);
  const leases = openLeases(database);
  const lease = leases.temporary();
  await lease.retain(blob);
  assert.ok(leases.isLeased(blob));
  lease.release();
  assert.ok(!leases.isLeased(blob));
  await assert.rejects(lease.retain(blob), /a lease that has ended cannot keep blob sha256:000/);
  assert.ok(!leases.isLeased(blob));
});

test("a permanent lease may be taken up again", async () => {
  using database = openDatabase(":memory:", leaseMigrations);
  const leases = openLeases(database);
  const lease = leases.permanent("one");
  await lease.retain(blob);
  lease.release();
  await lease.retain(blob);
  assert.ok(leases.isLeased(blob));
});

test("what is leased as a manifest is leased as a blob too, but not the other way round", async () => {
  using database = openDatabase(":memory:", leaseMigrations);
  const leases = openLeases(database);
  const [manifest, other] = [
    { kind: "manifest", resource: blob.resource },
    { kind: "blob", resource: `sha256:${"1".repeat(64)}` as Digest },
  ] as const;
  await leases.temporary().retain(manifest);
  await leases.temporary().retain(other);
  assert.ok(leases.isLeased(blob));
  assert.equal(await leases.unlessLeased(blob, async () => {}), false);
  assert.ok(!leases.isLeased({ kind: "manifest", resource: other.resource }));
});
