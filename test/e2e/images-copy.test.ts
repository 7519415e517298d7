import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import {
  buildImage,
  buildIndex,
  debianProgram,
  requireRoot,
  startRegistry,
  startTug,
} from "../environment/index.ts";

const server = debianProgram("docker-registry");
const skopeo = debianProgram("skopeo");
const skip = requireRoot() || server.skip;
const run = promisify(execFile);

const layers = [{ entries: [{ path: "a", content: "a".repeat(50_000) }] }];
const index = buildIndex(["amd64", "arm64"].map((architecture) => buildImage({ layers, architecture })));

/** Debian's registry lists tags in no order. */
const lines = (text: string) => text.trim().split("\n").toSorted();

/** An engine, and a registry with an image for two platforms under three tags. */
async function openScene() {
  await using scope = new AsyncDisposableStack();
  const registry = scope.use(await startRegistry());
  const tug = scope.use(await startTug());
  for (const tag of ["1.0", "1.1", "edge"]) await registry.push(`made:${tag}`, index);
  const open = scope.move();
  return {
    registry,
    tug,
    made: `docker://${registry.host}/made:1.0`,
    ok: async (...args: string[]) => {
      const { code, stdout, stderr } = await tug.tug(args, { cwd: tug.directory });
      assert.equal(code, 0, stderr);
      return stdout;
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

test("images go from place to place, and the store needs none of them", { skip }, async () => {
  await using scene = await openScene();
  const { registry, made, ok } = scene;
  const digest = index.manifest.digest;
  assert.equal(await ok("image", "digest", made), `${digest}\n`);
  await ok("image", "copy", "--all", made, "oci:layout:x");
  assert.equal(
    await ok("image", "copy", "-q", "-a", "oci:layout:x", `docker://${registry.host}/back:1`),
    `${digest}\n`,
  );
  assert.deepEqual(lines(await ok("image", "list-tags", `docker://${registry.host}/made`)), [
    "1.0",
    "1.1",
    "edge",
  ]);
  assert.deepEqual(lines(await ok("search", "--format", "{{.Name}}", `${registry.host}/a`)), [
    "back",
    "made",
  ]);
  assert.equal(await ok("search", "--format", "{{.Name}}", `${registry.host}/ack`), "back\n");
  const [looked] = JSON.parse(await ok("image", "inspect", `docker://${registry.host}/back:1`));
  assert.equal(looked.Digest, digest);
  await ok("image", "delete", `docker://${registry.host}/back:1`);
  const gone = await scene.tug.tug(["image", "digest", `docker://${registry.host}/back:1`]);
  assert.match(gone.stderr, /^tug: cannot inspect .* answered 404/);
  assert.equal(await ok("images", "-q", "made"), "");
  await ok("image", "copy", "--all", "oci:layout:x", "localhost/stored:1");
  const tree = await ok("image", "tree", "localhost/stored:1");
  assert.match(tree, /^localhost\/stored:1 {2}index .*\n├─ linux\/amd64 .*\n(.*\n){2}└─ linux\/arm64 /);
  assert.doesNotMatch(tree, /not here/);
  assert.match(await ok("images", "--format", "{{.Repository}}:{{.Tag}}"), /^localhost\/stored:1$/m);
});

test("a daemon is a place too: this engine's socket is one", { skip }, async () => {
  await using scene = await openScene();
  const { tug, made, ok } = scene;
  await ok("images");
  const env = { DOCKER_HOST: `unix://${join(tug.run, "tug.sock")}` };
  const into = await tug.tug(["image", "copy", made, "docker-daemon:localhost/daemon:1"], { env });
  assert.equal(into.code, 0, into.stderr);
  const back = await tug.tug(["image", "copy", "-q", "docker-daemon:localhost/daemon:1", "dir:out"], {
    env,
    cwd: tug.directory,
  });
  assert.equal(back.code, 0, back.stderr);
  const own = index.manifests.map(({ digest }) => `${digest}\n`);
  assert.ok(own.includes(back.stdout), back.stdout);
  const nobody = await tug.tug(["image", "copy", "docker-daemon:x:1", "dir:other"], {
    env: { DOCKER_HOST: "unix:///nobody.sock" },
    cwd: tug.directory,
  });
  assert.match(
    nobody.stderr,
    /^tug: cannot use docker-daemon:x:1: .*ENOENT.*\ncheck that Docker's daemon runs/,
  );
});

test("skopeo takes this engine for Docker's daemon", { skip: skip || skopeo.skip }, async () => {
  await using scene = await openScene();
  const { tug, registry, ok } = scene;
  await ok("pull", `${registry.host}/made:1.0`);
  const host = `unix://${join(tug.run, "tug.sock")}`;
  const copy = (...args: string[]) => run(skopeo.path, ["--insecure-policy", "copy", "--quiet", ...args]);
  const out = join(tug.directory, "skopeo");
  await copy("--src-daemon-host", host, `docker-daemon:${registry.host}/made:1.0`, `dir:${out}`);
  assert.ok((await readdir(out)).includes("manifest.json"));
  await copy("--dest-daemon-host", host, `dir:${out}`, "docker-daemon:localhost/skopeo:1");
  assert.match(await ok("images", "--format", "{{.Repository}}"), /^localhost\/skopeo$/m);
});

test("a list is kept in sync, and what is unchanged is left alone", { skip }, async () => {
  await using scene = await openScene();
  const { registry, tug, ok } = scene;
  const list = { [registry.host]: { "images-by-semver": { made: "^1" } } };
  await writeFile(join(tug.directory, "list.yaml"), JSON.stringify(list));
  const sync = () =>
    ok("image", "sync", "-a", "-s", "yaml", "-d", "docker", "list.yaml", `${registry.host}/mirror`);
  assert.match(await sync(), /\n2 of 2 images were copied, 0 were there already\n$/);
  assert.match(await sync(), /\n0 of 2 images were copied, 2 were there already\n$/);
  assert.deepEqual(lines(await ok("image", "list-tags", `docker://${registry.host}/mirror/made`)), [
    "1.0",
    "1.1",
  ]);
  await ok("image", "sync", "-a", "-s", "docker", "-d", "dir", `${registry.host}/made`, "usb");
  assert.deepEqual((await readdir(join(tug.directory, "usb"))).toSorted(), [
    "made:1.0",
    "made:1.1",
    "made:edge",
  ]);
  await ok("image", "sync", "-a", "-s", "dir", "-d", "docker", "usb", `${registry.host}/again`);
  assert.equal(
    await ok("image", "digest", `docker://${registry.host}/again/made:edge`),
    `${index.manifest.digest}\n`,
  );
});
