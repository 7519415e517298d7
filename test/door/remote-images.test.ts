import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { PLATFORMS } from "../../src/api/docker/testing/fake-remote.ts";
import { openCli } from "./cli.ts";

const digest = `sha256:${"cd".repeat(32)}`;

/** A command line in a directory of its own, with credentials for one registry. */
async function openPlace() {
  const directory = await mkdtemp(join(tmpdir(), "tug-places-"));
  const cli = await openCli({ local: ["debian:12"] });
  const auths = { "kept.example": { auth: btoa("me:kept") } };
  await writeFile(join(directory, "auth.json"), JSON.stringify({ auths }));
  const env = { REGISTRY_AUTH_FILE: "auth.json", DOCKER_HOST: "unix:///d.sock" };
  return {
    directory,
    calls: cli.engine.images.remoteCalls,
    run: (line: string) => cli.run(line, { env, cwd: directory }),
    async write(name: string, text: string) {
      await mkdir(dirname(join(directory, name)), { recursive: true });
      await writeFile(join(directory, name), text);
    },
    async [Symbol.asyncDispose]() {
      await cli[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}

test("copy names both places so that the engine finds them, with what opens them", async () => {
  await using place = await openPlace();
  const { directory } = place;
  const shown = await place.run(
    "image copy --all --signatures docker://kept.example/a:1 oci:out/layout:name",
  );
  assert.deepEqual([shown.code, shown.stderr], [0, ""]);
  assert.deepEqual(shown.stdout.split("\n"), [
    "abababababab: Waiting",
    "abababababab: Pushed",
    `Digest: ${digest}`,
    "",
  ]);
  await place.run(
    "image copy --src-tls-verify=false --src-creds u:p:w --platform arm64 docker://a.example/x dir:d:e",
  );
  const quiet = await place.run("image copy -q --digestfile digest docker-daemon:x docker-archive:x.tar:y:1");
  assert.equal(quiet.stdout, `${digest}\n`);
  assert.equal(await readFile(join(directory, "digest"), "utf8"), digest);
  const none = { auth: undefined, insecure: false, daemon: undefined };
  assert.deepEqual(
    place.calls.map(([, request]) => request),
    [
      {
        source: "docker://kept.example/a:1",
        target: `oci:${directory}/out/layout:name`,
        platform: undefined,
        all: true,
        signatures: true,
        sourceAccess: { ...none, auth: { username: "me", password: "kept" } },
        targetAccess: none,
      },
      {
        source: "docker://a.example/x",
        target: `dir:${directory}/d:e`,
        platform: { os: "linux", architecture: "arm64" },
        all: false,
        signatures: false,
        sourceAccess: { ...none, auth: { username: "u", password: "p:w" }, insecure: true },
        targetAccess: none,
      },
      {
        source: "docker-daemon:x",
        target: `docker-archive:${directory}/x.tar:y:1`,
        platform: undefined,
        all: false,
        signatures: false,
        sourceAccess: { ...none, daemon: "unix:///d.sock" },
        targetAccess: none,
      },
    ],
  );
  const missing = await place.run("image copy docker://a.example/missing dir:d");
  assert.deepEqual([missing.code, missing.stdout], [1, ""]);
  assert.match(missing.stderr, /^tug: cannot inspect docker:\/\/a\.example\/missing: it is not there\n/);
});

test("inspect looks at an image elsewhere, and at those here as before", async () => {
  await using place = await openPlace();
  const [looked] = JSON.parse((await place.run("image inspect docker://kept.example/a:1")).stdout);
  assert.deepEqual(looked, {
    Name: "kept.example/a",
    Digest: digest,
    MediaType: "application/vnd.oci.image.index.v1+json",
    Created: "2026-01-01T00:00:00Z",
    Labels: null,
    Architecture: "amd64",
    Os: "linux",
    Layers: [`sha256:${"ab".repeat(32)}`],
    LayersData: [{ MIMEType: "application/x", Digest: `sha256:${"ab".repeat(32)}`, Size: 7 }],
    Env: ["A=1"],
  });
  assert.equal(
    (await place.run("image inspect --raw docker://a.example/x")).stdout,
    JSON.stringify({ manifests: PLATFORMS }),
  );
  assert.match((await place.run("image inspect --config oci:l")).stdout, /^\{"created":/);
  assert.equal((await place.run("image inspect -f {{.Digest}} docker://a.example/x")).stdout, `${digest}\n`);
  assert.equal(JSON.parse((await place.run("image inspect debian:12")).stdout)[0].RepoTags[0], "debian:12");
  assert.equal((await place.run("image digest docker://a.example/x")).stdout, `${digest}\n`);
});

test("list-tags and delete speak to a registry", async () => {
  await using place = await openPlace();
  assert.equal((await place.run("image list-tags docker://a.example/x")).stdout, "1.0\n1.1\n2.0\nlatest\n");
  assert.deepEqual(JSON.parse((await place.run("image list-tags --format json kept.example/x")).stdout), {
    Repository: "kept.example/x",
    Tags: ["1.0", "1.1", "2.0", "latest"],
  });
  assert.equal((await place.run("image delete docker://kept.example/x:1")).stdout, `Deleted: ${digest}\n`);
  const [call, what, how] = place.calls.at(-1) ?? [];
  assert.deepEqual([call, what], ["delete", "docker://kept.example/x:1"]);
  assert.deepEqual((how as { auth: object }).auth, { username: "me", password: "kept" });
});

test("sync copies what a list asks for, and counts what was there already", async () => {
  await using place = await openPlace();
  await place.write(
    "list.yaml",
    `kept.example:
  images:
    all: []
    some: [1.0, "sha256:${"0".repeat(64)}"]
  images-by-tag-regex:
    regex: ^1\\.
  images-by-semver:
    team/semver: ">= 1.1"
other.example:
  tls-verify: false
  credentials: {username: u, password: p}
  images: {same: [latest]}
`,
  );
  const { code, stdout, stderr } = await place.run(
    "image sync -s yaml -d docker --scoped list.yaml localhost:5000/m",
  );
  assert.deepEqual([code, stderr], [0, ""]);
  const copies = place.calls
    .filter(([call]) => call === "copy")
    .map(([, request]) => request as { source: string; target: string; sourceAccess: object });
  assert.deepEqual(
    copies.map(({ source }) => source.replace("docker://", "")),
    [
      ...["1.0", "1.1", "2.0", "latest"].map((tag) => `kept.example/all:${tag}`),
      "kept.example/some:1.0",
      `kept.example/some@sha256:${"0".repeat(64)}`,
      ...["1.0", "1.1"].map((tag) => `kept.example/regex:${tag}`),
      ...["1.1", "2.0"].map((tag) => `kept.example/team/semver:${tag}`),
      "other.example/same:latest",
    ],
  );
  assert.equal(copies[0]?.target, "docker://localhost:5000/m/kept.example/all:1.0");
  assert.deepEqual(copies.at(-1)?.sourceAccess, {
    auth: { username: "u", password: "p" },
    insecure: true,
    daemon: undefined,
  });
  assert.match(stdout, /\n10 of 11 images were copied, 1 were there already\n$/);
});

test("sync goes from a registry to a directory and from there to a registry", async () => {
  await using place = await openPlace();
  const { directory } = place;
  const dry = await place.run("image sync -s docker -d dir --dry-run a.example/team/x out");
  assert.match(dry.stdout, new RegExp(`docker://a\\.example/team/x:1\\.0 -> dir:${directory}/out/x:1\\.0\n`));
  assert.match(dry.stdout, /4 images would be looked at\n$/);
  assert.equal(place.calls.filter(([call]) => call === "copy").length, 0);
  await place.write("out/x:1.0/manifest.json", "{}");
  await place.write("out/x:1.0/missing:2/manifest.json", "{}");
  const kept = await place.run("image sync -s dir -d docker --keep-going out localhost:5000");
  assert.equal(kept.code, 1);
  assert.match(
    kept.stderr,
    /^tug: cannot inspect dir:.*missing:2: it is not there\ntug: cannot sync 1 of 2 images; 1 were copied\n/,
  );
  assert.match(kept.stdout, /x:1\.0 -> docker:\/\/localhost:5000\/x:1\.0\n/);
});

const refused: [line: string, list: string, message: RegExp][] = [
  ["image sync a b", "", /--src and --dest say/],
  ["image sync -s yaml -d dir none b", "", /^tug: cannot read .*none: no such file or directory/],
  ["image sync -s yaml -d dir list b", "a: [", /^tug: cannot use .*list: /],
  ["image sync -s yaml -d dir list b", "- a", /list: it is not a map\n/],
  [
    "image sync -s yaml -d dir list b",
    "a: {images: {x: 7}}",
    /list#\/a\/images\/x: it is not a list of tags\n/,
  ],
  ["image sync -s yaml -d dir list b", "a: {images-by-tag-regex: {x: '('}}", /is no such test\n/],
  ["image sync -s yaml -d dir list b", "a: {images-by-semver: {x: nine}}", /is no such test\n/],
  ["image sync -s yaml -d dir list b", "a: {tls-verify: 7}", /it is neither true nor false\n/],
  [
    "image sync -s yaml -d dir list b",
    "a: {credentials: {username: u}}",
    /it has no username and password\n/,
  ],
];

for (const [line, list, message] of refused) {
  test(`"${line}" with "${list}" is refused before anything is copied`, async () => {
    await using place = await openPlace();
    await place.write("list", list);
    const { code, stderr } = await place.run(line);
    assert.equal(code, 1);
    assert.match(stderr, message);
    assert.equal(place.calls.filter(([call]) => call === "copy").length, 0);
  });
}
