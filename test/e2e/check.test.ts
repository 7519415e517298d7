import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { buildImage, buildIndex, debianProgram, ociArchive, startRegistry } from "../environment/index.ts";
import { boxImage, needsBox, useEngine } from "./harness/index.ts";

type Checked = {
  Problems: { Kind: string; Subject: string; Images: string[]; Repaired: boolean; Hint?: string }[];
  Leftovers?: { Count: number };
};

describe("tug system check", { skip: needsBox() || debianProgram("docker-registry").skip }, () => {
  const engine = useEngine();
  const blob = (digest: string): string => join(engine.data, "content/blobs", digest.replace(":", "/"));
  const check = async (...options: string[]): Promise<Checked & { code: number }> => {
    const { code, stdout, stderr } = await engine.tug(["system", "check", "--format", "json", ...options]);
    assert.equal(stderr, "");
    return { ...(JSON.parse(stdout) as Checked), code };
  };
  const found = ({ Problems }: Checked) => Problems.map(({ Kind, Subject }) => `${Kind} ${Subject}`);

  test("finds nothing wrong with what was loaded, pulled, imported, run and removed", async () => {
    await using registry = await startRegistry();
    const layer = (content: string) => ({ entries: [{ path: "file", content }] });
    const index = buildIndex([
      buildImage({ layers: [layer("one")] }),
      buildImage({ architecture: "s390x", layers: [layer("two")] }),
    ]);
    await engine.ok(["pull", await registry.push("many:1", index)]);
    const archive = join(engine.directory, "many.tar");
    await writeFile(archive, ociArchive({ "many:loaded": index }));
    await engine.ok(["load", "-i", archive]);
    await engine.ok(["load", "--platform", "linux/s390x", "-i", archive]);
    await engine.ok(["run", "--name", "kept", "box", "true"]);
    await engine.ok(["run", "--rm", "tug/hello"]);
    const exported = join(engine.directory, "kept.tar");
    await engine.ok(["export", "-o", exported, "kept"]);
    await engine.ok(["import", exported, "imported:1"]);
    await engine.ok(["rmi", "-f", "box"]);
    const { code, Problems } = await check();
    assert.deepEqual([code, Problems], [0, []]);
    await engine.load({ "box:latest": boxImage() });
    assert.match(await engine.ok(["system", "check"]), /^blobs: Verified\n\d+ blobs .* nothing is wrong\n/);
  });

  test("finds exactly what was changed, cut short and deleted, and gets it back from the registry", async () => {
    await using registry = await startRegistry();
    const names = ["a", "b", "c"];
    const image = buildImage({
      layers: names.map((path) => ({ entries: [{ path, content: path.repeat(5000) }] })),
    });
    const name = await registry.push("app:1", image);
    await engine.ok(["pull", name]);
    const { layers } = JSON.parse(String(image.blobs.get(image.manifest.digest))) as {
      layers: { digest: string }[];
    };
    const [changed = "", short = "", deleted = ""] = layers.map(({ digest }) => digest);
    const bytes = await readFile(blob(changed));
    await writeFile(
      blob(changed),
      bytes.map((byte, at) => (at === 20 ? byte ^ 1 : byte)),
    );
    await truncate(blob(short), 10);
    await rm(blob(deleted));
    const report = await check();
    assert.equal(report.code, 1);
    assert.deepEqual(
      found(report).sort(),
      [`blob-damaged ${changed}`, `blob-damaged ${short}`, `blob-missing ${deleted}`].sort(),
    );
    assert.ok(report.Problems.every(({ Images, Repaired }) => Images.includes(name) && !Repaired));
    const lines = (await engine.tug(["system", "check", "-q"])).stdout.split("\n");
    assert.equal(
      lines.filter((line) => /^problem: blob sha256:[0-9a-f]{64} of .*app:1 is /.test(line)).length,
      3,
    );
    const repaired = await check("--repair");
    assert.equal(repaired.code, 0);
    assert.ok(repaired.Problems.length === 3 && repaired.Problems.every(({ Repaired }) => Repaired));
    for (const digest of [changed, short, deleted])
      assert.deepEqual(readFileSync(blob(digest)), image.blobs.get(digest));
    const after = await check();
    assert.deepEqual([after.code, after.Problems], [0, []]);
  });

  test("without a source it says what to do, and an engine starts and finds what is wrong", async () => {
    const image = buildImage({ layers: [{ entries: [{ path: "only-here", content: "x" }] }] });
    await engine.load({ "lonely:1": image });
    await rm(blob(image.manifest.digest));
    const hello = JSON.parse(await engine.ok(["inspect", "tug/hello"]))[0] as { Id: string };
    await writeFile(blob(hello.Id), "damaged");
    await engine.stopEngine("SIGTERM");
    const report = await check("--repair");
    assert.equal(report.code, 1);
    assert.deepEqual(found(report), [`blob-missing ${image.manifest.digest}`]);
    assert.match(report.Problems[0]?.Hint ?? "", /tug rmi lonely:1/);
    await engine.ok(["rmi", "lonely:1"]);
    assert.deepEqual((await check()).Problems, []);
    await engine.ok(["run", "--rm", "tug/hello"]);
  });
});
