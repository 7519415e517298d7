import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { requireRoot, startTug } from "../environment/index.ts";

const skip = requireRoot();

/** Nobody answers there: who gets so far has found no fault in the file. */
const image = "127.0.0.1:1/app:1";

/** An engine, and a user whose Docker's config.json is a text. */
async function openScene(config: string) {
  await using scope = new AsyncDisposableStack();
  const tug = scope.use(await startTug());
  const directory = join(tug.directory, "docker");
  await mkdir(directory);
  const file = join(directory, "config.json");
  await writeFile(file, config);
  const env = { HOME: tug.directory, XDG_RUNTIME_DIR: tug.directory, DOCKER_CONFIG: directory };
  const open = scope.move();
  return {
    file,
    run: (args: readonly string[], input = "") =>
      tug.tug(args, { env: { REGISTRY_AUTH_FILE: "", DOCKER_HOST: "", ...env }, input }),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

test("Docker's config.json that is not JSON stops only who needs credentials, with the place", {
  skip,
}, async () => {
  await using scene = await openScene('{\n\t"auths": {\n\t\t"r.example": { "auth": "c2VjcmV0" },\n\t}\n}\n');
  const reason = `cannot use ${scene.file}: it is not JSON (line 4, column 2)`;
  for (const words of [
    ["ps"],
    ["images", "-q"],
    ["version"],
    ["context", "ls"],
    ["context", "show"],
    ["volume", "ls"],
  ]) {
    const { code, stderr, stdout } = await scene.run(words);
    assert.deepEqual([code, stderr], [0, `warning: ${reason}\n`], words.join(" "));
    if (words[0] !== "images") assert.notEqual(stdout, "");
  }
  const needing = [
    ["pull", image],
    ["run", image],
    ["push", image],
    ["context", "use", "default"],
  ];
  for (const words of needing) {
    const { code, stderr } = await scene.run(words, "word");
    assert.notEqual(code, 0, words.join(" "));
    assert.ok(stderr.includes(`tug: ${reason}\n`), `${words.join(" ")}: ${stderr}`);
    assert.doesNotMatch(stderr, /c2VjcmV0/);
  }
});

test("a member of the wrong type is named by those who need it, and by nobody else", { skip }, async () => {
  await using scene = await openScene(JSON.stringify({ auths: { "https://127.0.0.1:1/v2": { auth: 5 } } }));
  const { code, stderr } = await scene.run(["ps"]);
  assert.deepEqual([code, stderr], [0, ""]);
  const pull = await scene.run(["pull", image]);
  assert.equal(pull.code, 1);
  assert.match(
    pull.stderr,
    /^tug: cannot use .*config\.json#\/auths\/https:~1~1127\.0\.0\.1:1~1v2: auth is not a text\n/,
  );
});
