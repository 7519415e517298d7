import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { checkout } from "../../tools/test/cache.ts";
import {
  type BuiltImage,
  debianProgram,
  dockerArchive,
  type Registry,
  startProcess,
  startRegistry,
  startTug,
} from "../environment/index.ts";
import { boxImage, leavesNothing, needsBox, until, useEngine } from "./harness/index.ts";

const programs = (["docker-registry", "skopeo", "umoci"] as const).map(debianProgram);
const [, skopeo, umoci] = programs.map(({ path }) => path) as [string, string, string];
const run = promisify(execFile);

/** An image of two layers; with another number it is another one. */
function sample(number: number): BuiltImage {
  const entries = [
    { path: "etc/number", content: `${number}\n` },
    { path: "bin/.wh.true", content: "" },
  ];
  return boxImage({
    layers: [{ entries }],
    config: { Cmd: ["cat", "/etc/number"], Labels: { number: `${number}` } },
  });
}

describe("images", { skip: needsBox() || programs.find(({ skip }) => skip)?.skip || false }, () => {
  const engine = useEngine();
  const file = (name: string): string => join(engine.directory, name);
  const inspect = (image: string, format: string): Promise<string> =>
    engine.ok(["inspect", "--format", format, image]);
  const manifestOf = async (source: string): Promise<unknown> =>
    JSON.parse((await run(skopeo, ["--insecure-policy", "inspect", "--raw", source])).stdout);
  const manifestIn = (image: BuiltImage): unknown =>
    JSON.parse(String(image.blobs.get(image.manifest.digest)));
  let registry: Registry;

  before(async () => {
    registry = await startRegistry();
  });
  after(() => registry?.[Symbol.asyncDispose]());

  test("pull: what arrives has the digests of what was pushed", async () => {
    const image = sample(1);
    const name = await registry.push("pulled:1", image);
    const printed = await engine.ok(["pull", name]);
    assert.match(printed, /^1: Pulling from 127\.0\.0\.1:\d+\/pulled\n/);
    assert.ok(printed.includes(`\nDigest: ${image.manifest.digest}\n`), printed);
    assert.ok(printed.endsWith(`\nStatus: Downloaded newer image for ${name}\n${name}\n`), printed);
    assert.equal(
      await inspect(name, "{{.Id}} {{.RepoDigests}}"),
      `${image.config.digest} [${name.slice(0, -2)}@${image.manifest.digest}]\n`,
    );
    assert.ok((await engine.ok(["pull", name])).includes(`Status: Image is up to date for ${name}\n`));
    const byDigest = `${name.slice(0, -2)}@${image.manifest.digest}`;
    assert.equal(await engine.ok(["run", "--rm", "--pull", "never", byDigest]), "1\n");
  });

  test("the store is an OCI layout that skopeo and umoci read", async () => {
    const image = sample(2);
    const name = await registry.push("stored:2", image);
    await engine.ok(["pull", name]);
    const content = join(engine.data, "content");
    assert.deepEqual(await manifestOf(`oci:${content}:${name}`), manifestIn(image));
    const { stdout } = await run(umoci, ["list", "--layout", content]);
    assert.ok(stdout.split("\n").includes(name), stdout);
    await run(skopeo, [
      "--insecure-policy",
      "copy",
      "--quiet",
      `oci:${content}:${name}`,
      `dir:${file("copied")}`,
    ]);
    assert.ok(existsSync(join(file("copied"), image.layers[1]?.digest.slice(7) ?? "")));
  });

  test("save: skopeo reads the archive as OCI's and as Docker's, umoci unpacks it", async () => {
    const image = sample(3);
    await engine.load({ "saved:3": image });
    await engine.ok(["save", "--output", file("saved.tar"), "saved:3"]);
    assert.deepEqual(await manifestOf(`oci-archive:${file("saved.tar")}:3`), manifestIn(image));
    const { stdout } = await run(skopeo, [
      "--insecure-policy",
      "inspect",
      "--config",
      `docker-archive:${file("saved.tar")}:saved:3`,
    ]);
    assert.deepEqual(JSON.parse(stdout).rootfs.diff_ids, image.diffIds);
    await mkdir(file("unpacked"));
    await run("tar", ["-xf", file("saved.tar"), "-C", file("unpacked")]);
    await run(umoci, ["unpack", "--image", `${file("unpacked")}:3`, file("bundle")]);
    assert.equal(readFileSync(join(file("bundle"), "rootfs/etc/number"), "utf8"), "3\n");
    assert.equal(existsSync(join(file("bundle"), "rootfs/bin/true")), false);
  });

  test("load: whatever form skopeo writes it in, it is the same image", async () => {
    const image = sample(4);
    const name = await registry.push("loaded:4", image);
    const forms = {
      "oci-archive": `oci-archive:${file("4.oci.tar")}:localhost/four:oci-archive`,
      "docker-archive": `docker-archive:${file("4.docker.tar")}:localhost/four:docker-archive`,
      oci: `oci:${file("4.layout")}:localhost/four:oci`,
    };
    for (const [form, target] of Object.entries(forms)) {
      const copy = [
        "--insecure-policy",
        "copy",
        "--quiet",
        "--src-tls-verify=false",
        `docker://${name}`,
        target,
      ];
      await run(skopeo, copy);
      const printed = await engine.ok(["load", "--input", target.split(":")[1] ?? ""]);
      assert.equal(printed, `Loaded image: localhost/four:${form}\n`);
      assert.equal(await inspect(`localhost/four:${form}`, "{{.Id}}"), `${image.config.digest}\n`, form);
      assert.equal(await engine.ok(["run", "--rm", `localhost/four:${form}`]), "4\n");
    }
    // The archive of Docker holds other bytes for the layers, and so another manifest.
    for (const form of ["oci-archive", "oci"])
      assert.deepEqual(
        await manifestOf(`oci:${engine.data}/content:localhost/four:${form}`),
        manifestIn(image),
      );
  });

  test("load reads standard input too", async () => {
    const { stdout } = await engine.tug(["load"], { input: dockerArchive({ "old/form:5": sample(5) }) });
    assert.equal(stdout, "Loaded image: old/form:5\n");
    assert.equal(await engine.ok(["run", "--rm", "old/form:5"]), "5\n");
  });

  test("tag, images and rmi: an image goes with its last name, and leaves nothing", async () => {
    await leavesNothing(engine, async () => {
      const image = sample(6);
      await engine.load({ "six:6": image });
      await engine.ok(["tag", "six:6", "example.com/other"]);
      const listed = await engine.ok([
        "images",
        "--no-trunc",
        "--format",
        "{{.Repository}}:{{.Tag}} {{.ID}}",
      ]);
      for (const name of ["six:6", "example.com/other:latest"])
        assert.ok(listed.includes(`${name} ${image.config.digest}\n`), listed);
      assert.equal(await engine.ok(["rmi", "six:6"]), "Untagged: six:6\n");
      assert.equal(await engine.ok(["run", "--rm", "example.com/other"]), "6\n");
      const id = (await engine.ok(["create", "example.com/other"])).trim();
      const used = await engine.tug(["rmi", "example.com/other"]);
      assert.equal(used.code, 1);
      assert.match(used.stderr, new RegExp(`${id.slice(0, 12)}`));
      await engine.ok(["rm", id]);
      const removed = await engine.ok(["rmi", "example.com/other"]);
      assert.ok(
        removed.startsWith(`Untagged: example.com/other:latest\nDeleted: ${image.config.digest}\n`),
        removed,
      );
    });
  });

  test("create and export: the file system of a container as an archive", async () => {
    await leavesNothing(engine, async () => {
      await engine.load({ "seven:7": sample(7) });
      const id = (
        await engine.ok(["create", "--name", "seventh", "seven:7", "sh", "-c", "echo new > /etc/new"])
      ).trim();
      await engine.ok(["export", "--output", file("before.tar"), "seventh"]);
      await engine.ok(["start", "--attach", "seventh"]);
      await engine.ok(["export", "--output", file("after.tar"), id]);
      const read = async (archive: string, path: string): Promise<string> =>
        (await run("tar", ["-xOf", file(archive), path])).stdout;
      assert.equal(await read("before.tar", "etc/number"), "7\n");
      await assert.rejects(read("before.tar", "etc/new"));
      assert.equal(await read("after.tar", "etc/new"), "new\n");
      await assert.rejects(read("after.tar", "bin/true"));
      await engine.ok(["rm", id]);
      await engine.ok(["rmi", "seven:7"]);
    });
  });
});

test("without a network the error names the registry and what else can be done", {
  skip: needsBox(),
}, async () => {
  await using scope = new AsyncDisposableStack();
  const instance = scope.use(await startTug());
  const bundle = join(checkout, "dist/bin/engine.mjs");
  const roots = ["--data-root", instance.data, "--run-root", instance.run];
  scope.use(startProcess("unshare", ["--net", process.execPath, bundle, ...roots], { env: instance.env }));
  await until("the engine answers", () => existsSync(join(instance.run, "engine.pid")));
  const { code, stdout, stderr } = await instance.tug(["run", "--rm", "debian"]);
  assert.deepEqual([code, stdout], [125, ""]);
  assert.match(
    stderr,
    /^Unable to find image 'debian:latest' locally\ntug: cannot pull docker\.io\/library\/debian:latest: .*\n.*tug load.*\n$/,
  );
  await writeFile(join(instance.directory, "image.tar"), dockerArchive({ "debian:latest": sample(8) }));
  await instance.tug(["load", "--input", join(instance.directory, "image.tar")]);
  assert.equal((await instance.tug(["run", "--rm", "debian"])).stdout, "8\n");
});
