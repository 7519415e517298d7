import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openCli } from "./cli.ts";

test("registry serve says where it listens and tells each request, with nothing that a terminal would obey", async () => {
  await using cli = await openCli();
  const served = await cli.run("registry serve --name localhost:5000 --read-only");
  assert.deepEqual(served, {
    code: 0,
    stdout: [
      "registry localhost:5000 listens at http://127.0.0.1:5000\n",
      "1970-01-01T00:00:00.000Z 127.0.0.1 me GET /v2/ 200 2 1ms\n",
      "1970-01-01T00:00:00.000Z 127.0.0.1 - GET /v2/\\u001b[2J 404 2 1ms: there is nothing\n",
    ].join(""),
    stderr: "",
  });
  const [request] = cli.engine.images.registries;
  assert.deepEqual(
    [request?.listen, request?.name, request?.readOnly, request?.plainHttp, request?.tls, request?.users],
    ["127.0.0.1:5000", "localhost:5000", true, false, undefined, undefined],
  );
  assert.equal(
    (await cli.run("registry serve -q --listen :443")).stdout,
    "registry :443 listens at http://:443\n",
  );
  await cli.run("registry serve --mirror docker.io");
  assert.equal(cli.engine.images.registries.at(-1)?.mirror, "docker.io");
  const both = await cli.run("registry serve --mirror docker.io --name docker.io");
  assert.match(both.stderr, /^tug: cannot use --name together with --mirror: /);
  const lines = (await cli.run("registry serve --format json")).stdout.trim().split("\n");
  assert.deepEqual(
    lines.map((line) => Object.keys(JSON.parse(line))),
    [["Listening"], ["Request"], ["Request"]],
  );
});

test("registry serve reads its files where it is called", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "tug-registry-"));
  try {
    for (const name of ["cert", "key", "users"]) await writeFile(join(cwd, name), `the ${name}`);
    await using cli = await openCli();
    await cli.run("registry serve --tls-cert cert --tls-key key --users users", { cwd });
    const [request] = cli.engine.images.registries;
    assert.deepEqual(request?.tls, { certificate: "the cert", key: "the key" });
    assert.deepEqual(request?.users, { text: "the users", file: "users" });
    const missing = await cli.run("registry serve --users none", { cwd });
    assert.deepEqual([missing.code, missing.stdout], [1, ""]);
    assert.match(missing.stderr, /^tug: cannot read .*\/none: /);
    const half = await cli.run("registry serve --tls-cert cert", { cwd });
    assert.match(half.stderr, /^tug: cannot use --tls-cert without --tls-key/);
  } finally {
    await rm(cwd, { recursive: true });
  }
});
