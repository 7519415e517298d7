import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openContexts } from "./context-store.ts";
import { chooseEngine, chosenContext } from "./find-engine.ts";

const far = { name: "far", description: "a machine", host: "tcp://10.0.0.7:2376", skipTlsVerify: false };

/** A directory for Docker's configuration, with the variable that leads to it. */
async function scene() {
  const directory = await mkdtemp(join(tmpdir(), "tug-contexts-"));
  const caller = { env: { DOCKER_CONFIG: "." }, cwd: directory };
  return {
    directory,
    caller,
    store: openContexts(caller),
    wish: (env: Record<string, string>, more = {}) => ({
      ...caller,
      env: { ...caller.env, ...env },
      ...more,
    }),
    place: (kind: "meta" | "tls", name: string) =>
      join(directory, "contexts", kind, createHash("sha256").update(name).digest("hex")),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}

test("a context is kept as Docker's client keeps it", async () => {
  await using here = await scene();
  await here.store.create(far, { ca: "the ca", cert: "the cert", key: "the key" });
  assert.deepEqual(JSON.parse(await readFile(join(here.place("meta", "far"), "meta.json"), "utf8")), {
    Name: "far",
    Metadata: { Description: "a machine" },
    Endpoints: { docker: { Host: "tcp://10.0.0.7:2376", SkipTLSVerify: false } },
  });
  const key = join(here.place("tls", "far"), "docker/key.pem");
  assert.equal(await readFile(key, "utf8"), "the key");
  assert.equal((await stat(key)).mode & 0o777, 0o600);
  assert.deepEqual(await here.store.find("far"), far);
  assert.deepEqual(await here.store.tlsOf("far"), { ca: "the ca", cert: "the cert", key: "the key" });
  await here.store.remove("far");
  await assert.rejects(here.store.find("far"), { code: "ENDPOINT_NO_CONTEXT" });
  await assert.rejects(stat(here.place("tls", "far")), { code: "ENOENT" });
});

test("names that could be taken for something else are refused, and so are those that are there", async () => {
  await using here = await scene();
  for (const name of ["", "a", "../x", "-x", "a b", "a/b", "x".repeat(300)])
    await assert.rejects(here.store.create({ ...far, name }, {}), { code: "ENDPOINT_CONTEXT" }, name);
  await here.store.create(far, {});
  await assert.rejects(here.store.create(far, {}), { code: "ENDPOINT_CONTEXT_THERE" });
  await assert.rejects(here.store.create({ ...far, name: "default" }, {}), {
    code: "ENDPOINT_CONTEXT_THERE",
  });
  await assert.rejects(here.store.remove("default"), { code: "ENDPOINT_CONTEXT" });
});

test("a broken context is listed with what is wrong, used by nobody, and can be removed", async () => {
  await using here = await scene();
  await here.store.create(far, {});
  const broken: Record<string, string> = {
    "no-json": "{",
    list: "[]",
    nameless: "{}",
    stranger: '{"Name":"far"}',
    host: '{"Name":"host","Endpoints":{"docker":{"Host":7}}}',
    large: `{"Name":"large","x":"${"y".repeat(300_000)}"}`,
  };
  for (const [name, text] of Object.entries(broken)) {
    await mkdir(here.place("meta", name), { recursive: true });
    await writeFile(join(here.place("meta", name), "meta.json"), text);
    await assert.rejects(here.store.find(name), { code: "ENDPOINT_CONTEXT" }, name);
    await assert.rejects(chooseEngine({ ...here.caller, context: name }), { code: "ENDPOINT_CONTEXT" });
  }
  const listed = await here.store.list();
  assert.equal(listed.filter((found) => "failure" in found).length, Object.keys(broken).length);
  assert.ok(listed.some((found) => "context" in found && found.name === "far"));
  for (const name of Object.keys(broken)) await here.store.remove(name);
  assert.equal((await here.store.list()).length, 1);
});

test("an address comes before a context, and a chosen context last", async () => {
  await using here = await scene();
  for (const name of ["one", "two", "three"])
    await here.store.create({ ...far, name, host: `unix:///${name}.sock` }, {});
  await here.store.use("one");
  const found = async (env: Record<string, string>, more = {}) => {
    const wish = here.wish(env, more);
    return [await chosenContext(wish), await chooseEngine(wish)];
  };
  assert.deepEqual(await found({}), ["one", undefined], "a socket is Docker's unless tug was told so");
  assert.deepEqual(await found({ DOCKER_CONTEXT: "two" }), ["two", undefined]);
  for (const DOCKER_HOST of ["tcp://docker:2375", "fd://", "npipe:////./pipe/docker", "/run/docker.sock"])
    assert.deepEqual(await found({ DOCKER_HOST }), ["default", undefined], DOCKER_HOST);
  assert.deepEqual(await found({ DOCKER_HOST: "unix:///docker.sock" }), ["default", undefined]);
  assert.deepEqual(await found({ TUG_HOST: "unix:///t.sock", DOCKER_CONTEXT: "two" }), [
    "default",
    { socket: "/t.sock" },
  ]);
  assert.deepEqual(await found({ TUG_HOST: "unix:///t.sock" }, { context: "three" }), [
    "three",
    { socket: "/three.sock" },
  ]);
  assert.deepEqual(await found({}, { context: "default" }), ["default", undefined]);
  assert.deepEqual(await found({}, { own: "/one.sock", context: "one" }), ["one", undefined]);
  assert.deepEqual(await found({}, { host: "unix:///h.sock" }), ["default", { socket: "/h.sock" }]);
  const [name, engine] = await found({ DOCKER_HOST: "ssh://build" });
  assert.equal(name, "default");
  assert.ok(
    engine !== undefined && typeof engine === "object" && "place" in engine && engine.place === "ssh://build",
  );
  await assert.rejects(found({ DOCKER_CONTEXT: "nobody" }), { code: "ENDPOINT_NO_CONTEXT" });
  await here.store.use("default");
  assert.deepEqual(await found({}), ["default", undefined]);
});

test("tcp without certificates is refused", async () => {
  await using here = await scene();
  await here.store.create(far, {});
  const hint = /DOCKER_TLS_VERIFY/;
  for (const wish of [here.wish({}, { context: "far" }), here.wish({ TUG_HOST: "tcp://10.0.0.7" })])
    await assert.rejects(chooseEngine(wish), { code: "ENDPOINT_HOST", hint });
});

test("what else is in Docker's config.json stays there", async () => {
  await using here = await scene();
  const config = join(here.directory, "config.json");
  await writeFile(config, '{"auths":{"a.example":{"auth":"eDp5"}},"psFormat":"x"}');
  await here.store.use("far");
  assert.deepEqual(JSON.parse(await readFile(config, "utf8")), {
    auths: { "a.example": { auth: "eDp5" } },
    psFormat: "x",
    currentContext: "far",
  });
  await here.store.use("default");
  assert.equal("currentContext" in JSON.parse(await readFile(config, "utf8")), false);
});
