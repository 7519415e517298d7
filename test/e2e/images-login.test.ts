import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { promisify } from "node:util";
import {
  buildImage,
  debianProgram,
  dockerArchive,
  requireRoot,
  startRegistry,
  startTug,
} from "../environment/index.ts";

const server = debianProgram("docker-registry");
const skopeo = debianProgram("skopeo");
const docker = debianProgram("docker");
const skip = requireRoot() || server.skip;
const run = promisify(execFile);

/** An engine with an image, a registry that wants a password, and a user with a home of their own. */
async function openScene() {
  await using scope = new AsyncDisposableStack();
  const registry = scope.use(await startRegistry({ password: true }));
  const tug = scope.use(await startTug());
  const home = join(tug.directory, "home");
  await mkdir(join(home, "bin"), { recursive: true });
  const env = {
    HOME: home,
    XDG_RUNTIME_DIR: home,
    DOCKER_CONFIG: "",
    REGISTRY_AUTH_FILE: "",
    PATH: `${join(home, "bin")}:/usr/bin:/bin`,
  };
  const name = `${registry.host}/team/app:1`;
  const image = buildImage({ layers: [{ entries: [{ path: "a", content: "a" }] }] });
  const loaded = await tug.tug(["load"], { input: dockerArchive({ "app:1": image }) });
  assert.equal(loaded.code, 0, loaded.stderr);
  await tug.tug(["tag", "app:1", name]);
  const open = scope.move();
  return {
    registry,
    tug,
    home,
    env,
    name,
    run: (args: readonly string[], input = "") => tug.tug(args, { env, input }),
    config: async () => JSON.parse(await readFile(join(home, ".docker/config.json"), "utf8")),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

test("a login is what pushes and pulls need, and skopeo can use it", {
  skip: skip || skopeo.skip,
}, async () => {
  await using scene = await openScene();
  const { registry, name } = scene;
  const early = await scene.run(["push", name]);
  assert.equal(early.code, 1);
  assert.match(early.stderr, /answered 401/);
  const wrong = await scene.run(["login", "-u", "user", "--password-stdin", registry.host], "wrong");
  assert.deepEqual([wrong.code, wrong.stdout], [1, ""]);
  assert.match(
    wrong.stderr,
    /^tug: cannot log in to 127.* answered 401 .*\ncheck the user's name and the password\n/,
  );
  const login = await scene.run(["login", "-u", "user", "--password-stdin", registry.host], "secret\n");
  assert.deepEqual([login.code, login.stdout], [0, "Login Succeeded\n"]);
  assert.equal((await scene.run(["push", name])).code, 0);
  assert.equal((await scene.run(["pull", name])).code, 0);
  const { stdout } = await run(
    skopeo.path,
    ["inspect", "--tls-verify=false", "--format", "{{.Digest}}", `docker://${name}`],
    { env: scene.env },
  );
  assert.match(stdout, /^sha256:/);
  await scene.run(["logout", registry.host]);
  assert.match((await scene.run(["pull", name])).stderr, /answered 401/);
});

test("a login of skopeo is used", { skip: skip || skopeo.skip }, async () => {
  await using scene = await openScene();
  const { registry, name, env, home } = scene;
  await run(
    skopeo.path,
    [
      "login",
      "--tls-verify=false",
      "-u",
      "user",
      "-p",
      "secret",
      "--authfile",
      `${home}/containers/auth.json`,
      registry.host,
    ],
    { env },
  );
  const pushed = await scene.run(["push", name]);
  assert.equal(pushed.code, 0, pushed.stderr);
  const logout = await scene.run(["logout", registry.host]);
  assert.equal(logout.stdout, `Not logged in to ${registry.host}\n`);
  assert.match(logout.stderr, /^warning: .*auth\.json has credentials for .* too, and keeps them\n$/);
});

test("with a helper no password is in a file", { skip }, async () => {
  await using scene = await openScene();
  const { registry, name, home } = scene;
  const program = join(home, "bin/docker-credential-pass");
  const script = `case $1 in
    store) cat > "$0.kept" ;;
    erase) rm -f "$0.kept" ;;
    get) cat "$0.kept" ;;
    esac`;
  await writeFile(program, `#!/bin/sh\n${script}\n`);
  await chmod(program, 0o755);
  const login = await scene.run(["login", "-u", "user", "--password-stdin", registry.host], "secret");
  assert.deepEqual([login.code, login.stderr], [0, ""]);
  assert.deepEqual(await scene.config(), { auths: { [registry.host]: {} }, credsStore: "pass" });
  assert.equal((await scene.run(["push", name])).code, 0);
  await scene.run(["logout", registry.host]);
  assert.deepEqual(await scene.config(), { credsStore: "pass" });
  await assert.rejects(readFile(`${program}.kept`), { code: "ENOENT" });
});

test("the stock client logs in through the engine", { skip: skip || docker.skip }, async () => {
  await using scene = await openScene();
  const env = { ...scene.env, DOCKER_HOST: `unix://${join(scene.tug.run, "tug.sock")}` };
  const logIn = async (password: string) => {
    const args = ["login", "-u", "user", "--password-stdin", scene.registry.host];
    const child = spawn(docker.path, args, { env });
    child.stdin.end(password);
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    const [stdout, code] = await Promise.all([text(child.stdout), closed]);
    return { code, stdout };
  };
  assert.equal((await logIn("wrong")).code, 1);
  const { code, stdout } = await logIn("secret");
  assert.equal(code, 0);
  assert.match(stdout, /Login Succeeded/);
  assert.equal((await scene.run(["push", scene.name])).code, 0);
});
