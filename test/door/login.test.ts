import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openCli } from "./cli.ts";

/** A home for one user, without helpers in reach, and a command line before an engine in memory. */
async function openHome() {
  const home = await mkdtemp(join(tmpdir(), "tug-home-"));
  const cli = await openCli({ local: ["registry.example/app:1"], remote: ["registry.example/app:2"] });
  const env = { HOME: home, XDG_RUNTIME_DIR: home, PATH: join(home, "bin") };
  const file = join(home, ".docker/config.json");
  return {
    home,
    cli,
    env,
    config: async () => JSON.parse(await readFile(file, "utf8")),
    run: (line: string, input = "") => cli.run(line, { env, input }),
    async [Symbol.asyncDispose]() {
      await cli[Symbol.asyncDispose]();
      await rm(home, { recursive: true });
    },
  };
}

test("login keeps a password that came over stdin, and pulls and pushes then carry it", async () => {
  await using home = await openHome();
  const done = await home.run("login -u me --password-stdin https://registry.example/v2/", "secret\n");
  assert.deepEqual([done.code, done.stdout], [0, "Login Succeeded\n"]);
  assert.match(done.stderr, /^warning: the credentials are kept unencrypted in .*config\.json; /);
  assert.deepEqual(await home.config(), { auths: { "registry.example": { auth: btoa("me:secret") } } });
  await home.run("push registry.example/app:1");
  await home.run("pull registry.example/app:2");
  await home.run("run --pull always registry.example/app:1 true");
  await home.run("pull other.example/app:2");
  const me = { username: "me", password: "secret" };
  assert.deepEqual(home.cli.engine.images.pushes[0]?.auth, me);
  assert.deepEqual(
    home.cli.engine.images.pulls.map(({ auth }) => auth),
    [me, me, undefined],
  );
  assert.equal(
    (await home.run("logout registry.example")).stdout,
    "Removing login credentials for registry.example\n",
  );
  assert.deepEqual(await home.config(), {});
  assert.equal((await home.run("logout registry.example")).stdout, "Not logged in to registry.example\n");
});

test("an identity token is kept in the place of the password", async () => {
  await using home = await openHome();
  await home.run("login -u me -p secret token.example");
  assert.deepEqual(await home.config(), { auths: { "token.example": { identitytoken: "token" } } });
});

test("a terminal is asked for a name and, unseen, for a password", async () => {
  await using home = await openHome();
  const running = home.cli.start("login", { env: home.env, terminal: { width: 80, height: 24 } });
  running.stdin.write("me\n");
  running.stdin.write("wrong\x15secx\x7fret\r");
  const { code, stdout, stderr } = await running.result;
  assert.deepEqual([code, stdout], [0, "Login Succeeded\n"]);
  assert.match(stderr, /^Username: Password: \n/);
  assert.doesNotMatch(stderr, /secret/);
  assert.deepEqual(running.terminalCalls, ["raw true", "raw false"]);
  assert.ok("https://index.docker.io/v1/" in (await home.config()).auths);
});

test("Ctrl-C at the password gives the terminal back and keeps nothing", async () => {
  await using home = await openHome();
  const running = home.cli.start("login -u me", { env: home.env, terminal: { width: 80, height: 24 } });
  running.stdin.write("sec\x03");
  assert.equal((await running.result).code, 130);
  assert.deepEqual(running.terminalCalls, ["raw true", "raw false"]);
  await assert.rejects(home.config(), { code: "ENOENT" });
});

test("what is kept is tried before anybody is asked", async () => {
  await using home = await openHome();
  await home.run("login -u me -p secret a.example");
  const again = await home.run("login a.example");
  assert.deepEqual([again.code, again.stdout], [0, "Login Succeeded\n"]);
  assert.match(again.stderr, /existing credentials/);
  const auths = { "a.example": { auth: btoa("me:old") } };
  await writeFile(join(home.home, ".docker/config.json"), JSON.stringify({ auths }));
  const refused = await home.run("login a.example");
  assert.deepEqual([refused.code, refused.stdout], [1, ""]);
  assert.match(refused.stderr, /wrong password/);
});

test("credentials of podman's and skopeo's file are used, the narrowest entry first", async () => {
  await using home = await openHome();
  const file = join(home.home, "auth.json");
  const auths = {
    "registry.example": { auth: btoa("all:other") },
    "registry.example/app": { auth: btoa("me:secret") },
  };
  await writeFile(file, JSON.stringify({ auths }));
  const env = { ...home.env, REGISTRY_AUTH_FILE: "auth.json" };
  await home.cli.run("push registry.example/app:1", { env, cwd: home.home });
  assert.deepEqual(home.cli.engine.images.pushes[0]?.auth, { username: "me", password: "secret" });
});

const refused: [line: string, message: RegExp][] = [
  ["login -u me -p wrong a.example", /^tug: cannot log in to a\.example: wrong password\n/],
  ["login a.example", /^tug: cannot ask for a name and a password: the input is no terminal\nuse --username/],
  ["login -p secret a.example", /^tug: cannot use --password without --username\n/],
  ["login --password-stdin a.example", /^tug: cannot use --password-stdin without --username\n/],
  [
    "login -u me -p x --password-stdin a.example",
    /^tug: cannot use --password together with --password-stdin\n/,
  ],
];

for (const [line, message] of refused) {
  test(`"${line}" is refused, and nothing is kept`, async () => {
    await using home = await openHome();
    const { code, stderr } = await home.run(line);
    assert.equal(code, 1);
    assert.match(stderr, message);
    await assert.rejects(home.config(), { code: "ENOENT" });
  });
}
