import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openDatabase } from "./database.ts";

const first = { module: "a", version: 1, sql: "CREATE TABLE a (x INTEGER) STRICT" };
const second = { module: "a", version: 2, sql: "ALTER TABLE a ADD COLUMN y TEXT" };

describe("openDatabase", () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "tug-database-"));
    path = join(directory, "tug.db");
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("applies each step once, in the order of versions", () => {
    openDatabase(path, [first]).close();
    using database = openDatabase(path, [second, first]);
    database.sql.exec("INSERT INTO a (x, y) VALUES (1, 'one')");
    assert.deepEqual({ ...database.sql.prepare("SELECT x, y FROM a").get() }, { x: 1, y: "one" });
  });

  it("refuses a database with steps of newer code and leaves it as it is", () => {
    openDatabase(path, [first, second]).close();
    assert.throws(() => openDatabase(path, [first]), { code: "DATABASE_NEWER", kind: "conflict" });
    assert.throws(() => openDatabase(path, [{ ...first, module: "b" }]), { code: "DATABASE_NEWER" });
    using database = openDatabase(path, [first, second]);
    assert.throws(() => database.sql.prepare("SELECT * FROM b"));
  });

  it("applies all missing steps or none", () => {
    const broken = { module: "b", version: 1, sql: "CREATE TABLE b (x INTEGER) STRICT; CREATE NONSENSE" };
    assert.throws(() => openDatabase(path, [first, broken]), { code: "DATABASE_MIGRATION" });
    using database = openDatabase(path, []);
    assert.throws(() => database.sql.prepare("SELECT * FROM a"));
    assert.throws(() => database.sql.prepare("SELECT * FROM b"));
  });

  it("writes into room that it has taken, without needing more", () => {
    using database = openDatabase(path, [first]);
    database.keepRoom();
    const bytes = () =>
      readdirSync(directory).map((name) => `${name} ${statSync(join(directory, name)).size}`);
    const before = bytes();
    for (let i = 0; i < 500; i++) database.sql.exec(`INSERT INTO a (x) VALUES (${i})`);
    assert.deepEqual(bytes(), before);
    database.keepRoom();
  });

  it("settles what was committed, whether it has a log or none", async () => {
    using database = openDatabase(path, [first]);
    database.lazily(() => database.sql.exec("INSERT INTO a (x) VALUES (1)"));
    await database.settle();
    using other = openDatabase(":memory:", [first]);
    await other.settle();
  });

  it("settles for all who ask at once, also for one who comes while it does", async () => {
    using database = openDatabase(path, [first]);
    const order: string[] = [];
    const ask = (name: string) => database.settle().then(() => void order.push(name));
    const asked = [ask("first"), ask("second"), ask("third")];
    await asked[0];
    await Promise.all([...asked, ask("late")]);
    assert.deepEqual(order, ["first", "second", "third", "late"]);
  });

  it("is for its owner alone", () => {
    const before = process.umask(0);
    try {
      using database = openDatabase(path, [first]);
      database.sql.exec("INSERT INTO a (x) VALUES (1)");
      for (const name of readdirSync(directory))
        assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600);
    } finally {
      process.umask(before);
    }
  });

  it("says what is wrong with a file that is no database", () => {
    writeFileSync(path, "something else".repeat(100));
    assert.throws(() => openDatabase(path, []), { code: "DATABASE_OPEN", message: /not a database/ });
  });

  it("enforces foreign keys", () => {
    const sql = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p INTEGER REFERENCES p (id))";
    using database = openDatabase(path, [{ module: "a", version: 1, sql }]);
    assert.throws(() => database.sql.exec("INSERT INTO c VALUES (7)"), /FOREIGN KEY/);
  });

  it("rolls back a transaction that throws, the inner one alone when the outer goes on", () => {
    using database = openDatabase(path, [first]);
    const insert = database.sql.prepare("INSERT INTO a VALUES (?)");
    const boom = () => {
      insert.run(2);
      throw new Error("boom");
    };
    assert.throws(() => database.transaction(boom), /boom/);
    database.transaction(() => {
      insert.run(1);
      assert.throws(() => database.transaction(boom), /boom/);
    });
    assert.deepEqual(
      database.sql
        .prepare("SELECT x FROM a")
        .all()
        .map(({ x }) => x),
      [1],
    );
  });
});
