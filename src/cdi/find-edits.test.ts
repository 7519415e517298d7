import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { readCdiDevices } from "./directories.ts";
import { findEdits } from "./find-edits.ts";

describe("devices of directories", () => {
  let root: string;
  const place = (name: string) => join(root, name);
  const directories = () => [place("etc"), place("absent"), place("run")];
  const read = () => readCdiDevices(directories());

  /** Describes devices, each with a variable that says which it is. */
  const describeDevices = (file: string, names: readonly string[], edits: object = {}) =>
    writeFile(
      place(file),
      JSON.stringify({
        cdiVersion: "1.1.0",
        kind: "vendor.com/x",
        containerEdits: { env: [`FILE=${file}`], ...edits },
        devices: names.map((name) => ({ name, containerEdits: { env: [`DEVICE=${name}@${file}`] } })),
      }),
    );
  const variables = async (...names: string[]) =>
    findEdits(await read(), names).flatMap(({ edits }) => edits.env ?? []);

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "tug-cdi-"));
    for (const name of ["etc", "run"]) await mkdir(place(name));
  });
  afterEach(() => rm(root, { recursive: true }));

  test("the edits of a file come once, before those of the first of its devices", async () => {
    await describeDevices("etc/a.json", ["one", "two"]);
    await describeDevices("etc/b.yaml", ["three"]);
    assert.deepEqual(
      await variables("vendor.com/x=two", "vendor.com/x=three", "vendor.com/x=one", "vendor.com/x=two"),
      [
        "FILE=etc/a.json",
        "DEVICE=two@etc/a.json",
        "FILE=etc/b.yaml",
        "DEVICE=three@etc/b.yaml",
        "DEVICE=one@etc/a.json",
      ],
    );
  });

  test("a later directory wins, also over a conflict in an earlier one", async () => {
    await describeDevices("etc/a.json", ["one", "two"]);
    await describeDevices("etc/b.json", ["two"]);
    await describeDevices("run/c.json", ["one", "two"]);
    assert.deepEqual(await variables("vendor.com/x=one", "vendor.com/x=two"), [
      "FILE=run/c.json",
      "DEVICE=one@run/c.json",
      "DEVICE=two@run/c.json",
    ]);
  });

  test("a file is read anew when it is another one, and parsed once as long as it is not", async () => {
    const spec = async () => (await read()).devices.get("vendor.com/x=one")?.spec;
    await describeDevices("etc/a.json", ["one"]);
    const first = await spec();
    assert.equal(await spec(), first);
    await describeDevices("etc/a.json", ["one"], { env: ["FILE=another"] });
    assert.deepEqual((await spec())?.containerEdits, { env: ["FILE=another"] });
    await writeFile(place("etc/a.json"), "{}");
    assert.equal(await spec(), undefined);
  });

  test("a device that two files of a directory describe is refused, and others of them are not", async () => {
    await describeDevices("run/a.json", ["one", "two"]);
    await describeDevices("run/b.json", ["two"]);
    await assert.rejects(variables("vendor.com/x=two"), {
      code: "CDI_DEVICE",
      message: `cannot add device vendor.com/x=two: it is described by ${place("run/a.json")} and ${place("run/b.json")}`,
    });
    assert.equal((await variables("vendor.com/x=one")).length, 2);
  });

  test("an unknown device is refused with those that there are, and with the files that cannot be used", async () => {
    await describeDevices("etc/a.json", ["two", "one"]);
    await writeFile(place("run/broken.json"), "{}");
    await mkdir(place("run/directory.json"));
    await writeFile(place("run/notes.txt"), "no such file");
    await assert.rejects(variables("vendor.com/x=nine"), (error: Error & { hint?: string }) => {
      assert.ok(error.message.startsWith("cannot add device vendor.com/x=nine: no file in "));
      assert.match(
        error.message,
        /broken\.json#\/cdiVersion: it is missing; cannot read .*directory\.json: /,
      );
      assert.equal(error.hint, "of such devices there are vendor.com/x=one, vendor.com/x=two");
      return true;
    });
  });

  test("where no directory is there, no device is", async () => {
    const known = await readCdiDevices([place("absent")]);
    assert.throws(() => findEdits(known, ["vendor.com/x=one"]), { hint: "of such devices there is none" });
  });

  test("what containers cannot have is refused, and not left out", async () => {
    await describeDevices("etc/a.json", ["one"], { intelRdt: { closID: "x" } });
    await assert.rejects(variables("vendor.com/x=one"), {
      code: "CDI_UNSUPPORTED",
      message:
        /device vendor\.com\/x=one \(.*a\.json#\/containerEdits\/intelRdt\): containers have no intelRdt/,
    });
  });
});
