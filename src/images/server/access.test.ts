import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { sampleImage } from "../testing/sample-image.ts";
import { serveTestRegistry } from "../testing/serve-registry.ts";
import { readUsers } from "./users.ts";

/** The password is "secret": by htpasswd -B, and by openssl passwd -6. */
const users = {
  text: `# those who may\nuser:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n
other:$6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2CKPPrVACtLtip/cZ/1GM/O6IND4WQhG.\n`,
  file: "users",
};
const basic = (credentials: string) => ({
  authorization: `Basic ${Buffer.from(credentials).toString("base64")}`,
});

test("only its users may use a registry", async () => {
  await using registry = await serveTestRegistry({ users });
  const status = async (headers: Record<string, string>) =>
    (await registry.call("GET", "/v2/", { headers })).status;
  const asked = await registry.call("GET", "/v2/");
  assert.deepEqual([asked.status, asked.code], [401, "UNAUTHORIZED"]);
  assert.match(asked.headers["www-authenticate"] ?? "", /^Basic realm="tug"/);
  for (const right of ["user:secret", "other:secret", "user:secret"]) {
    assert.equal(await status(basic(right)), 200, right);
  }
  for (const wrong of ["user:", "user:wrong", "nobody:secret", ":secret", "user", "other:secret "]) {
    assert.equal(await status(basic(wrong)), 401, wrong);
  }
  assert.equal(await status({ authorization: "Bearer secret" }), 401);
  assert.equal(await status({ authorization: "Basic !" }), 401);
  assert.deepEqual(
    registry.served.map((each) => each.user).filter((user) => user !== undefined),
    ["user", "other", "user"],
  );
});

test("nothing but its challenge is told to those who may not use a registry", async () => {
  await using registry = await serveTestRegistry({ users });
  const headers = basic("user:wrong");
  for (const [method, path] of [
    ["GET", "/v2/_catalog"],
    ["POST", "/v2/a/b/blobs/uploads/"],
    ["PUT", "/v2/a/b/manifests/1"],
    ["DELETE", "/v2/a/b/manifests/1"],
    ["GET", "/elsewhere"],
  ] as const) {
    assert.equal((await registry.call(method, path, { headers })).status, 401, `${method} ${path}`);
  }
  assert.deepEqual((await registry.test.contents()).ingests, []);
});

test("guesses do not pile up", async () => {
  const { identify } = readUsers(users.text, users.file);
  const guess = (password: string) => identify(basic(`user:${password}`).authorization);
  const guesses = await Promise.allSettled(Array.from({ length: 40 }, (_, index) => guess(`${index}`)));
  const statuses = guesses.map((each) => (each as PromiseRejectedResult).reason.status);
  assert.deepEqual(statuses, [...Array(16).fill(401), ...Array(24).fill(429)]);
  assert.equal(await guess("secret"), "user");
});

for (const [name, text] of [
  ["is empty", "\n# nobody\n"],
  ["has a password in clear", "user:secret"],
  [
    "has a hash that would take for ever",
    "user:$2y$31$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a",
  ],
  ["has a line without a name", ":$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a"],
] as const) {
  test(`a file of users that ${name} is refused`, async () => {
    await assert.rejects(serveTestRegistry({ users: { text, file: "the-file" } }), {
      code: "IMAGE_REGISTRY_SERVER",
      message: /the-file/,
    });
  });
}

test("a registry that is read-only changes nothing", async () => {
  await using writable = await serveTestRegistry({ name: "localhost:5000" });
  const digest = await writable.pushImage("a/b", sampleImage(), "1");
  await using registry = await serveTestRegistry({ name: "localhost:5000", readOnly: true }, writable.test);
  assert.equal((await registry.call("GET", "/v2/a/b/manifests/1")).status, 200);
  for (const [method, path] of [
    ["POST", "/v2/a/b/blobs/uploads/"],
    ["PUT", "/v2/a/b/manifests/2"],
    ["DELETE", `/v2/a/b/manifests/${digest}`],
  ] as const) {
    const reply = await registry.call(method, path);
    assert.deepEqual([reply.status, reply.code], [405, "UNSUPPORTED"], method);
  }
});

test("where a registry is not to listen", async () => {
  const refuse = (settings: Parameters<typeof serveTestRegistry>[0], message: RegExp) =>
    assert.rejects(serveTestRegistry(settings), { code: "IMAGE_REGISTRY_SERVER", message });
  await refuse({ listen: "0.0.0.0:0" }, /others could read along/);
  await refuse({ listen: ":0" }, /others could read along/);
  await refuse({ listen: "[::]:0" }, /others could read along/);
  await refuse({ listen: "host" }, /is no address/);
  await refuse({ listen: "127.0.0.1:70000" }, /is no address/);
  await refuse({ listen: "http://127.0.0.1:5000" }, /is no address/);
  await refuse({ name: "registry" }, /no image can have that name/);
  await refuse({ name: "a/b" }, /no image can have that name/);
  await refuse({ mirror: "https://registry.example.com/v2/" }, /cannot be a mirror of/);
  await refuse({ mirror: "registry" }, /cannot be a mirror of/);
  await refuse({ tls: { certificate: "x", key: "y" } }, /cannot use the certificate/);
  await using mirror = await serveTestRegistry({ mirror: "https://registry-1.docker.io" });
  assert.equal(mirror.name, "docker.io");
  await using open = await serveTestRegistry({ listen: "0.0.0.0:0", plainHttp: true });
  assert.match(open.name, /:\d+$/);
  await assert.rejects(serveTestRegistry({ listen: `127.0.0.1:${open.port}` }), {
    code: "IMAGE_REGISTRY_BUSY",
    kind: "conflict",
  });
});

test("hostile names and paths are refused", async () => {
  await using registry = await serveTestRegistry();
  const [digest] = sampleImage().blobs.keys();
  const names = [
    "..",
    "../..",
    "a/../b",
    "A",
    "a//b",
    "-a",
    "a_",
    "a..b",
    "%2e%2e",
    "a%00b",
    "a%2f..%2fb",
    "a:b",
    "a@b",
    "ä",
  ];
  for (const name of names) {
    const path = `/v2/${encodeURI(name).replaceAll("%25", "%")}/blobs/${digest}`;
    const reply = await registry.call("GET", path);
    assert.deepEqual([reply.status, reply.code], [400, "NAME_INVALID"], path);
    assert.equal((await registry.call("POST", path.replace(/[^/]*$/, "uploads/"))).status, 400, path);
  }
  const long = await registry.call("GET", `/v2/${"a".repeat(256)}/tags/list`);
  assert.equal(long.code, "NAME_INVALID");
  for (const path of [
    "/v2/a/blobs/x/y",
    "/v2/%ff/tags/list",
    `/v2/${"a/".repeat(2000)}tags/list`,
    "/v1/",
    "//v2/",
  ]) {
    assert.equal((await registry.call("GET", path)).status, 404, path);
  }
  for (const last of ["..", "sha256:..", `sha256:${"A".repeat(64)}`, "md5:0", "a%00"]) {
    const reply = await registry.call("GET", `/v2/a/blobs/${encodeURIComponent(last)}`);
    assert.deepEqual([reply.status, reply.code], [400, "DIGEST_INVALID"], last);
  }
  for (const method of ["PATCH", "POST", "OPTIONS", "TRACE"]) {
    assert.equal((await registry.call(method, "/v2/a/manifests/1")).status, 405, method);
  }
  assert.deepEqual((await registry.test.contents()).ingests, []);
});

test("what is not HTTP ends the connection and nothing else", async () => {
  await using registry = await serveTestRegistry();
  for (const bytes of [
    "\0\0\0\0\r\n\r\n",
    "GET /v2/ HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    `GET /${"a".repeat(100_000)}`,
  ]) {
    const socket = connect(registry.port, "127.0.0.1");
    socket.end(bytes);
    socket.on("error", () => {});
    socket.resume();
    await new Promise((resolve) => socket.once("close", resolve));
  }
  assert.equal((await registry.call("GET", "/v2/")).status, 200);
});

test("requests are told when they are over", async () => {
  await using registry = await serveTestRegistry();
  await registry.call("GET", "/v2/");
  await registry.call("GET", "/v2/no/thing/tags/list");
  const told = registry.served.map(({ method, path, status, remote, reason }) => [
    method,
    path,
    status,
    remote,
    reason,
  ]);
  assert.deepEqual(told, [
    ["GET", "/v2/", 200, "127.0.0.1", undefined],
    ["GET", "/v2/no/thing/tags/list", 404, "127.0.0.1", "there is no such repository"],
  ]);
});
