import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { createServer } from "node:tls";
import { temporaryDirectory } from "../environment/index.ts";
import { openCli } from "./cli.ts";

const openssl = spawnSync("openssl", ["version"]).status === 0 ? false : "openssl is not installed";

/** A caller with a directory for Docker's configuration, before an engine in memory. */
async function openCaller() {
  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(await temporaryDirectory());
  const cli = opened.use(await openCli());
  const kept = opened.move();
  const env = { DOCKER_CONFIG: join(path, "docker") };
  return {
    path,
    cli,
    run: (line: string, more: Record<string, string> = {}) =>
      cli.run(line, { env: { ...env, ...more }, cwd: path }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** An engine in memory behind TLS, which believes only those who have the key that is in the directory. */
async function openTls(directory: string, socketPath: string) {
  const place = (name: string) => join(directory, name);
  const words = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const made = spawnSync("openssl", [
    "req",
    "-x509",
    ...words,
    "-keyout",
    place("key.pem"),
    "-out",
    place("cert.pem"),
    ...subject,
  ]);
  assert.equal(made.status, 0, String(made.stderr));
  const [key, cert] = [readFileSync(place("key.pem")), readFileSync(place("cert.pem"))];
  const connections = new Set<Socket>();
  const server = createServer({ key, cert, ca: cert, requestCert: true, allowHalfOpen: true }, (client) => {
    const engine = connect({ path: socketPath, allowHalfOpen: true });
    client.on("error", () => engine.destroy());
    engine.on("error", () => client.destroy());
    client.pipe(engine).pipe(client);
  });
  server.on("connection", (connection) => connections.add(connection));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    address: `tcp://localhost:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

test("an engine is reached with TLS, both sides showing who they are", { skip: openssl }, async () => {
  await using caller = await openCaller();
  await using tls = await openTls(caller.path, caller.cli.door.socketPath);
  const files = "ca=cert.pem,cert=cert.pem,key=key.pem";
  const made = await caller.run(`context create far --docker host=${tls.address},${files}`);
  assert.deepEqual([made.code, made.stdout], [0, "far\n"], made.stderr);
  const ran = await caller.run("--context far run --rm busybox echo hi");
  assert.deepEqual([ran.code, ran.stdout, ran.stderr], [0, "hi\n", ""]);
  const certificates = { DOCKER_HOST: tls.address, DOCKER_CERT_PATH: "." };
  assert.match((await caller.run("ps", { ...certificates, DOCKER_TLS: "1" })).stdout, /^CONTAINER ID/);
  const [inspected] = JSON.parse((await caller.run("context inspect far")).stdout);
  assert.deepEqual(inspected.TLSMaterial, { docker: ["ca.pem", "cert.pem", "key.pem"] });
  await caller.run(`context create stranger --docker host=${tls.address},ca=cert.pem`);
  assert.notEqual((await caller.run("-c stranger ps")).code, 0);
  // The machine itself does not trust who made the certificate.
  const untrusted = await caller.run("ps", {
    ...certificates,
    DOCKER_TLS_VERIFY: "1",
    DOCKER_CERT_PATH: "docker",
  });
  assert.match(untrusted.stderr, /^tug: cannot reach the engine at tcp:\/\/localhost:\d+: .*certificate/);
});

test("contexts are listed, and the one that is used is marked", async () => {
  await using caller = await openCaller();
  await caller.run("context create build --description here --docker host=ssh://me@build.example");
  assert.match(
    (await caller.run("context ls")).stdout,
    /^NAME +DESCRIPTION +DOCKER ENDPOINT +ERROR\ndefault \* +The engine .*\nbuild +here +ssh:\/\/me@build\.example +\n/,
  );
  await caller.run("context use build");
  assert.match((await caller.run("context ls")).stdout, /^build \* /m);
  assert.equal((await caller.run("context ls -q")).stdout, "default\nbuild\n");
  assert.equal(
    JSON.parse((await caller.run("context ls --format json")).stdout.split("\n")[1] ?? "").Current,
    "true",
  );
  assert.equal((await caller.run("context show", { DOCKER_CONTEXT: "default" })).stdout, "default\n");
  assert.equal(
    (await caller.run("context inspect -f {{.Endpoints.docker.Host}}")).stdout,
    "ssh://me@build.example\n",
  );
  assert.equal((await caller.run("context use default")).stdout, "default\n");
  assert.match((await caller.run("ps")).stdout, /^CONTAINER ID/);
});

test("a socket of this machine is used where tug is told to, and not because Docker's client uses it", async () => {
  await using caller = await openCaller();
  await caller.run("context create docker --docker host=unix:///run/docker-of-its-own.sock");
  const refused = await caller.run("context use docker");
  assert.match(refused.stderr, /cannot use context docker from now on: .*\n.*tug --context docker/);
  assert.equal(refused.code, 1);
  for (const env of [{ DOCKER_CONTEXT: "docker" }, { DOCKER_HOST: "tcp://docker:2375" }])
    assert.match((await caller.run("ps", env)).stdout, /^CONTAINER ID/);
  assert.notEqual((await caller.run("--context docker ps")).code, 0);
});

const wrong: readonly (readonly [line: string, code: number, message: RegExp])[] = [
  ["-H ssh://-oProxyCommand=evil ps", 125, /cannot use "ssh:\/\/-oProxyCommand=evil" as an engine/],
  ["-H nonsense run busybox", 125, /cannot use "nonsense" as an engine: it has no scheme/],
  ["-H", 125, /flag needs an argument: --host/],
  ["--host= ps", 125, /flag needs an argument: --host/],
  ["-H unix:///a -H unix:///b ps", 125, /--host is given twice/],
  ["-H unix:///a --context b ps", 125, /either --host or --context, not both/],
  ["--context nobody ps", 125, /no such context: nobody/],
  ["context use nobody", 1, /no such context: nobody/],
  ["context rm default", 1, /cannot remove context default: it is always there/],
  ["context inspect nobody", 1, /no such context: nobody/],
  ["context create", 1, /requires 1 argument/],
  ["context create x1", 1, /nothing says where its engine is/],
  ["context create ../x --docker host=unix:///a", 1, /it is no name/],
  ["context create x1 --docker ca=a", 125, /host is missing/],
  ["context create x1 --docker host=ftp://a", 125, /scheme ftp is not known/],
  ["context create x1 --docker host=tcp://a", 125, /tcp needs ca/],
  ["context create x1 --docker host=tcp://a,ca=a,cert=b", 125, /cert and key go together/],
  ["context create x1 --docker host=ssh://a,ca=a", 125, /certificates have no meaning with ssh/],
  ["context create x1 --docker host=tcp://a,ca=nowhere.pem", 1, /cannot read nowhere\.pem/],
  ["context create x1 --docker host=unix:///a,color=red", 125, /"color=red" is unknown/],
];

test("what cannot be is told in a sentence", async () => {
  await using caller = await openCaller();
  for (const [line, code, message] of wrong) {
    const result = await caller.run(line);
    assert.match(result.stderr, message, line);
    assert.equal(result.stdout, line.includes("inspect") ? "[]\n" : "", line);
    assert.equal(result.code, code, `${line}: ${result.stderr}`);
  }
});

test("global options stand before any command, in each of their spellings", async () => {
  await using caller = await openCaller();
  const host = `unix://${caller.cli.door.socketPath}`;
  for (const options of [
    `-H ${host}`,
    `-H${host}`,
    `-H=${host}`,
    `--host ${host}`,
    `--host=${host}`,
    "-c default",
  ])
    assert.match((await caller.run(`${options} ps`)).stdout, /^CONTAINER ID/, options);
  assert.match((await caller.run("-H unix:///nobody.sock ps")).stderr, /nobody\.sock: nothing listens there/);
  assert.match((await caller.run("-c default ps --help")).stdout, /^Usage: {2}tug ps/);
  assert.match((await caller.run("--help")).stdout, /-H, --host ADDRESS/);
});

test("completion knows contexts and global options", async () => {
  await using caller = await openCaller();
  await caller.run("context create build --docker host=unix:///a");
  assert.match((await caller.run("__complete -- context use b")).stdout, /^build\t$/m);
  assert.match((await caller.run("__complete -- -c build context r")).stdout, /^rm\t/m);
  assert.match((await caller.run("__complete -- --ho")).stdout, /^--host\t$/m);
});
