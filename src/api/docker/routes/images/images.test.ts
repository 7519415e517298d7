import assert from "node:assert/strict";
import { test } from "node:test";
import type { dockerApi } from "../../../../specs/index.ts";
import { createFakeEngine } from "../../testing/fake-engine.ts";
import { PLATFORMS } from "../../testing/fake-remote.ts";
import { openDoor } from "../../testing/open-door.ts";

const json = { "Content-Type": "application/json" };

function lines(text: string): dockerApi.ProgressMessage[] {
  return text
    .trim()
    .split("\r\n")
    .map((line) => JSON.parse(line));
}

test("a pull is told in lines of JSON in Docker's words", async () => {
  const engine = createFakeEngine({ remote: ["debian:12"] });
  await using door = await openDoor(engine.ports);
  const auth = Buffer.from('{"username":"me","password":"x"}').toString("base64url");
  const reply = await door.call("POST", "/images/create?fromImage=debian&tag=12&platform=linux/arm64", {
    headers: { "X-Registry-Auth": auth },
  });
  assert.equal(reply.status, 200);
  assert.deepEqual(
    lines(reply.text).map(({ id, status }) => [id, status]),
    [
      ["12", "Pulling from library/debian"],
      ["abababababab", "Pulling fs layer"],
      ["abababababab", "Downloading"],
      ["abababababab", "Pull complete"],
      [undefined, `Digest: sha256:${"cd".repeat(32)}`],
      [undefined, "Status: Downloaded newer image for debian:12"],
    ],
  );
  assert.deepEqual(lines(reply.text)[2]?.progressDetail, { current: 512, total: 2048 });
  assert.deepEqual(engine.images.pulls, [
    {
      reference: "debian:12",
      platform: { os: "linux", architecture: "arm64" },
      allPlatforms: false,
      auth: { username: "me", password: "x" },
    },
  ]);
});

test("a pull that fails at once has a status, one that fails later a last line", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  const early = await door.call("POST", "/images/create?fromImage=unreachable");
  assert.equal(early.status, 503);
  assert.equal((early.json() as dockerApi.ErrorBody).tug?.hint, "use tug load");
  const late = await door.call("POST", "/images/create?fromImage=broken&tag=1");
  assert.equal(late.status, 200);
  const last = lines(late.text).at(-1);
  assert.deepEqual(last?.errorDetail, { message: "cannot pull broken:1: digest of layer is wrong" });
  assert.equal(last?.tug?.kind, "dataLoss");
});

test("a push is told in Docker's words, with the results for programs", async () => {
  const engine = createFakeEngine({ local: ["debian:12", "debian:13", "broken:1"] });
  await using door = await openDoor(engine.ports);
  const auth = Buffer.from('{"username":"me","password":"x"}').toString("base64url");
  const headers = { "X-Registry-Auth": auth };
  const reply = await door.call("POST", "/images/debian/push?tag=12", { headers });
  assert.equal(reply.status, 200);
  const digest = `sha256:${"cd".repeat(32)}`;
  assert.deepEqual(lines(reply.text), [
    { status: "The push refers to repository [docker.io/library/debian]" },
    { id: "abababababab", status: "Preparing", progressDetail: {} },
    { id: "abababababab", status: "Pushing", progressDetail: { current: 512, total: 2048 } },
    { id: "abababababab", status: "Mounted from library/other", progressDetail: {} },
    { status: `12: digest: ${digest} size: 528` },
    { progressDetail: {}, aux: { Tag: "12", Digest: digest, Size: 528 } },
  ]);
  assert.deepEqual(engine.images.pushes, [
    {
      reference: "debian:12",
      allTags: false,
      platform: undefined,
      auth: { username: "me", password: "x" },
    },
  ]);
  const all = await door.call("POST", "/images/debian/push", { headers });
  assert.deepEqual(
    lines(all.text).flatMap(({ aux }) => (aux !== undefined && "Tag" in aux ? [aux.Tag] : [])),
    ["12", "13"],
  );
});

test("credentials are tried out", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  const logIn = (body: object) => door.call("POST", "/auth", { body: JSON.stringify(body), headers: json });
  const good = await logIn({ username: "me", password: "secret", serveraddress: "token.example" });
  assert.deepEqual(good.json(), { Status: "Login Succeeded", IdentityToken: "token" });
  const bad = await logIn({ username: "me", password: "wrong", serveraddress: "a.example" });
  assert.equal(bad.status, 401);
  assert.equal((await logIn({ username: 7 })).status, 400);
});

test("a push that fails at once has a status, one that fails later a last line", async () => {
  await using door = await openDoor(createFakeEngine({ local: ["broken:1"] }).ports);
  assert.equal((await door.call("POST", "/images/missing/push?tag=1")).status, 404);
  const late = await door.call("POST", "/images/broken/push?tag=1");
  assert.equal(late.status, 200);
  assert.deepEqual(lines(late.text).at(-1)?.errorDetail, { message: "cannot push broken: denied" });
});

test("a tag may be a digest", async () => {
  const engine = createFakeEngine();
  await using door = await openDoor(engine.ports);
  await door.call("POST", `/images/create?fromImage=debian&tag=sha256:${"0".repeat(64)}`);
  assert.equal(engine.images.pulls[0]?.reference, `debian@sha256:${"0".repeat(64)}`);
});

test("an archive becomes an image, which is told by its id", async () => {
  const engine = createFakeEngine();
  await using door = await openDoor(engine.ports);
  const query = "fromSrc=-&repo=x&tag=1&changes=CMD+sh&changes=USER+me&platform=linux/arm64&message=mine";
  const reply = await door.call("POST", `/images/create?${query}`, { body: "archive" });
  assert.deepEqual(lines(reply.text), [{ status: `sha256:${"12".repeat(32)}` }]);
  await door.call("POST", "/images/create?fromSrc=files.example/a.tar");
  assert.deepEqual(engine.images.imports, [
    {
      source: "archive",
      name: "x:1",
      comment: "mine",
      changes: ["CMD sh", "USER me"],
      platform: { os: "linux", architecture: "arm64" },
    },
    {
      source: "http://files.example/a.tar",
      name: undefined,
      comment: "Imported from files.example/a.tar",
      changes: [],
      platform: undefined,
    },
  ]);
  assert.equal((await door.call("POST", "/images/create?fromSrc=-")).status, 400);
  assert.equal((await door.call("POST", "/images/create")).status, 400);
});

test("a pruning removes what fits and tells what was freed", async () => {
  await using door = await openDoor(createFakeEngine({ local: ["a:1", "b:1"] }).ports);
  const prune = async (filters: object) => {
    const reply = await door.call(
      "POST",
      `/images/prune?filters=${encodeURIComponent(JSON.stringify(filters))}`,
    );
    return reply.status === 200 ? (reply.json() as dockerApi.ImagesPruned) : reply.status;
  };
  const nothing = { ImagesDeleted: null, SpaceReclaimed: 0 };
  assert.deepEqual(await prune({}), nothing);
  assert.deepEqual(await prune({ dangling: ["false"], label: ["stage=other"] }), nothing);
  assert.deepEqual(await prune({ dangling: ["false"], "label!": ["stage"] }), nothing);
  assert.deepEqual(await prune({ dangling: ["false"], until: ["2025-12-31T00:00:00Z"] }), nothing);
  assert.equal(await prune({ until: ["soon"] }), 400);
  assert.equal(await prune({ colour: ["red"] }), 400);
  const all = await prune({ dangling: ["false"], until: ["1h30m"], label: ["stage=test"] });
  assert.ok(typeof all === "object");
  assert.deepEqual(all.ImagesDeleted?.[0], { Untagged: "a:1" });
  assert.equal(all.SpaceReclaimed, 2 * 4_261_000);
});

test("load takes the body as it comes and says what it found", async () => {
  const engine = createFakeEngine();
  await using door = await openDoor(engine.ports);
  const reply = await door.call("POST", "/images/load?quiet=0", { body: "archive" });
  assert.deepEqual(lines(reply.text), [{ stream: "Loaded image: loaded:latest\n" }]);
  assert.deepEqual(engine.images.loads, ["archive"]);
  const empty = await door.call("POST", "/images/load");
  assert.equal(empty.status, 400);
});

test("images are saved under one name or several, and a missing one is 404 before any byte", async () => {
  await using door = await openDoor(createFakeEngine({ local: ["a:latest", "x/b:1"] }).ports);
  assert.equal((await door.call("GET", "/images/x/b:1/get")).text, "images x/b:1");
  assert.equal((await door.call("GET", "/images/get?names=a&names=x/b:1")).text, "images a,x/b:1");
  const missing = await door.call("GET", "/images/get?names=absent");
  assert.equal(missing.status, 404);
  assert.equal((missing.json() as dockerApi.ErrorBody).message, "No such image: absent");
});

test("images are listed, inspected, tagged and removed", async () => {
  await using door = await openDoor(createFakeEngine({ local: ["busybox:latest", "debian:12"] }).ports);
  const list = async (query = "") => {
    const reply = await door.call("GET", `/images/json${query}`);
    return (reply.json() as dockerApi.ImageSummary[]).map((image) => image.RepoTags[0]);
  };
  assert.deepEqual(await list(), ["busybox:latest", "debian:12"]);
  assert.deepEqual(await list(`?filters=${encodeURIComponent('{"reference":["deb*"]}')}`), ["debian:12"]);
  assert.deepEqual(await list(`?filters=${encodeURIComponent('{"dangling":["true"]}')}`), []);
  assert.equal((await door.call("POST", "/images/busybox/tag?repo=mine/box&tag=1")).status, 201);
  const inspected = (await door.call("GET", "/images/mine/box:1/json")).json() as dockerApi.ImageInspect;
  assert.deepEqual([inspected.RepoTags, inspected.Architecture], [["mine/box:1"], "amd64"]);
  const removed = await door.call("DELETE", "/images/mine/box:1");
  assert.deepEqual(removed.json(), [{ Untagged: "mine/box:1" }, { Deleted: inspected.Id }]);
  assert.equal((await door.call("GET", "/images/mine/box:1/json")).status, 404);
});

test("old clients get the fields that they read", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  const summary = async (version: string) => {
    return ((await door.call("GET", `/v${version}/images/json`)).json() as dockerApi.ImageSummary[])[0];
  };
  assert.equal((await summary("1.43"))?.VirtualSize, 4_261_000);
  assert.equal((await summary("1.44"))?.VirtualSize, undefined);
});

test("history names what is missing as Docker does", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  const history = (await door.call("GET", "/images/busybox/history")).json() as dockerApi.ImageHistoryEntry[];
  assert.deepEqual(
    history.map(({ Id, Size, Tags }) => [Id === "<missing>", Size, Tags]),
    [
      [false, 0, ["busybox:latest"]],
      [true, 4_000_000, null],
    ],
  );
});

test("the registry's word about a name is told without pulling it", async () => {
  const engine = createFakeEngine();
  await using door = await openDoor(engine.ports);
  const reply = await door.call("GET", "/v1.30/distribution/team/app:1/json");
  const told = reply.json() as dockerApi.DistributionInspect;
  assert.deepEqual(told.Descriptor, {
    mediaType: "application/vnd.oci.image.index.v1+json",
    digest: `sha256:${"cd".repeat(32)}`,
    size: JSON.stringify({ manifests: PLATFORMS }).length,
  });
  assert.deepEqual(
    told.Platforms,
    PLATFORMS.map(({ platform }) => platform),
  );
  assert.equal((await door.call("GET", "/distribution/missing:1/json")).status, 404);
});
