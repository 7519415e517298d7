import assert from "node:assert/strict";
import { test } from "node:test";
import { createMutex } from "../../../base/index.ts";
import { createScopedDoor, dockerRoutes } from "../door.ts";
import { createRouter, type Route } from "../route.ts";
import { createFakeEngine } from "../testing/fake-engine.ts";
import { openDoor } from "../testing/open-door.ts";
import { readAllowed, type Verb, verbs } from "./access.ts";
import { admitBy, type Policy } from "./policy.ts";

const all = Object.keys(verbs) as Verb[];
const policyOf = (allow: readonly Verb[]): Policy => ({
  name: "ci",
  scope: "ci",
  allow: new Set(allow),
  quota: {},
  unnamedNetwork: "default",
  making: createMutex(),
});

const routes = dockerRoutes(createFakeEngine().ports);
const pathOf = ({ path }: Route) => path.replace(/\{\w+(?:\.\.\.)?\}/g, "x");
const refused = { code: "DOCKER_SCOPE", kind: "forbidden" };

test("a socket that allows nothing answers that it is there, and nothing else", () => {
  const find = createRouter(routes, admitBy(policyOf([])));
  for (const route of routes) {
    const ask = () => find(route.method, pathOf(route));
    if (["/_ping", "/version"].includes(route.path)) assert.equal(ask().route.access, "open");
    else assert.throws(ask, refused, `${route.method} ${route.path}`);
  }
});

test("a socket that allows all leaves to the owner what concerns the machine", () => {
  const find = createRouter(routes, admitBy(policyOf(all)));
  for (const route of routes.filter(({ access }) => access === "owner"))
    assert.throws(() => find(route.method, pathOf(route)), refused, route.path);
  for (const { method, path, access } of routes) {
    const isOfMachine =
      /^\/(tug\/(?!secrets|configs|containers\/\{id\}\/why|volumes\/\{id\}\/(im|ex)port)|build|session|grpc|swarm|plugins|nodes|services|tasks|configs|secrets|distribution)/;
    assert.equal(access === "owner", isOfMachine.test(path), `${method} ${path}`);
  }
});

test("each thing that can be allowed opens endpoints of its own noun, and reading changes nothing", () => {
  for (const verb of all.filter((each) => each !== "networks:publish")) {
    const open = routes.filter(({ access }) => access === verb);
    assert.ok(open.length > 0, verb);
    for (const { method, path } of open) {
      if (/:(?:read|logs)$/.test(verb) && !path.endsWith("/wait")) assert.equal(method, "GET", path);
      const alone = createRouter(routes, admitBy(policyOf([verb])));
      assert.equal(alone(method, pathOf({ path } as Route)).route.access, verb);
    }
  }
});

test("words stand for verbs, a noun for all of its own", () => {
  assert.deepEqual(readAllowed(["all"]), all);
  assert.deepEqual(readAllowed(["volumes:remove", "volumes:read"]), ["volumes:read", "volumes:remove"]);
  assert.ok(readAllowed(["containers"]).every((verb) => verb.startsWith("containers:")));
  assert.ok(readAllowed(["read"]).includes("containers:logs"));
  for (const wrong of [[], [""], ["contain"], ["containers:"], ["constructor"], ["*"]])
    assert.throws(() => readAllowed(wrong), { code: "DOCKER_SCOPE_POLICY" }, wrong.join());
});

/** A door for a scope of an engine in memory, beside the door of its owner. */
async function openBoth(allow: readonly Verb[] = all) {
  await using opened = new AsyncDisposableStack();
  const { ports } = createFakeEngine();
  const owner = opened.use(await openDoor(ports));
  const scoped = opened.use(
    await openDoor(ports, (given, options) => createScopedDoor(given, policyOf(allow), options)),
  );
  const kept = opened.move();
  return { owner, scoped, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

test("networks of others are not there, and none is made that reaches beyond the machine", async () => {
  await using both = await openBoth();
  const { owner, scoped } = both;
  await owner.call("POST", "/networks/create", { body: { Name: "foreign" } });
  const create = async (body: object) => (await scoped.call("POST", "/networks/create", { body })).status;
  assert.equal(await create({ Name: "lan", Driver: "macvlan", Options: { parent: "eth0" } }), 403);
  assert.equal(await create({ Name: "fast", Options: { "com.docker.network.bridge.name": "tug0" } }), 403);
  assert.equal(await create({ Name: "slow", Options: { egressRate: "10M" } }), 403);
  assert.equal(await create({ Name: "taken", IPAM: { Config: [{ Subnet: "10.0.0.0/8" }] } }), 403);
  assert.equal(await create({ Name: "other", Labels: { "tug.scope": "other" } }), 403);
  assert.equal(await create({ Name: "own" }), 201);
  const listed = (await scoped.call("GET", "/networks")).json() as { Name: string }[];
  assert.deepEqual(
    listed.map(({ Name }) => Name),
    ["own"],
  );
  for (const name of ["foreign", "bridge", "host"]) {
    assert.equal((await scoped.call("GET", `/networks/${name}`)).status, 404);
    assert.equal((await scoped.call("DELETE", `/networks/${name}`)).status, 404);
  }
  const body = { Image: "busybox", HostConfig: { NetworkMode: "none" } };
  const theirs = (await owner.call("POST", "/containers/create", { body })).json() as { Id: string };
  const ours = (await scoped.call("POST", "/containers/create", { body })).json() as { Id: string };
  const connect = async (network: string, Container: string) =>
    (await scoped.call("POST", `/networks/${network}/connect`, { body: { Container } })).status;
  assert.equal(await connect("own", theirs.Id), 404);
  assert.equal(await connect("foreign", ours.Id), 404);
  const disconnected = await scoped.call("POST", "/networks/own/disconnect", {
    body: { Container: theirs.Id },
  });
  assert.equal(disconnected.status, 404);
});

test("ports are published, volumes made and archives taken in by those only who may", async () => {
  await using both = await openBoth(readAllowed(["containers", "images:pull"]));
  const make = async (HostConfig: object) => {
    const answer = await both.scoped.call("POST", "/containers/create", {
      body: { Image: "busybox", HostConfig },
    });
    return [answer.status, (answer.json() as { message?: string }).message];
  };
  assert.deepEqual(await make({ PortBindings: { "80/tcp": [{ HostPort: "80" }] } }), [
    403,
    "cannot publish ports through the socket ci: it does not allow networks:publish",
  ]);
  assert.equal((await make({ PublishAllPorts: true }))[0], 403);
  assert.deepEqual(await make({ Binds: ["data:/data"] }), [
    403,
    "cannot make the volume data through the socket ci: it does not allow volumes:create",
  ]);
  const imported = await both.scoped.call("POST", "/images/create?fromSrc=-", { body: Buffer.alloc(1024) });
  assert.match(imported.text, /it does not allow images:load/);
});

test("whoever brings no credentials does not get those of the engine", async () => {
  const { ports, images } = createFakeEngine({ remote: ["busybox:latest"] });
  await using door = await openDoor(ports, (given, options) =>
    createScopedDoor(given, policyOf(all), options),
  );
  const pull = (headers: Record<string, string>) =>
    door.call("POST", "/images/create?fromImage=busybox&tag=latest", { headers });
  const me = { username: "me", password: "x" };
  await pull({});
  await pull({ "X-Registry-Auth": Buffer.from(JSON.stringify(me)).toString("base64url") });
  assert.deepEqual(
    images.pulls.map(({ auth }) => auth),
    [{ username: "", password: "" }, me],
  );
});

for (const kind of ["secrets", "configs"] as const) {
  test(`${kind} of others are not there`, async () => {
    await using both = await openBoth();
    const { owner, scoped } = both;
    const create = (door: typeof owner, Name: string) =>
      door.call("POST", `/tug/${kind}/create`, { body: { Name, Data: btoa("x") } });
    await create(owner, "theirs");
    assert.equal((await create(scoped, "ours")).status, 201);
    const listed = (await scoped.call("GET", `/tug/${kind}`)).json() as { Name: string; Labels: object }[];
    assert.deepEqual(
      listed.map(({ Name, Labels }) => [Name, Labels]),
      [["ours", { "tug.scope": "ci" }]],
    );
    assert.equal((await scoped.call("GET", `/tug/${kind}/theirs`)).status, 404);
    assert.equal((await scoped.call("DELETE", `/tug/${kind}/theirs`)).status, 404);
    const body = {
      Image: "busybox",
      HostConfig: { [kind === "secrets" ? "Secrets" : "Configs"]: [{ Source: "theirs" }] },
    };
    assert.equal((await scoped.call("POST", "/containers/create", { body })).status, 404);
  });
}

test("a container that names no network is not on the machine's where that is what others get", async () => {
  const { ports, containers } = createFakeEngine();
  const policy = { ...policyOf(all), unnamedNetwork: "none" as const };
  await using door = await openDoor(ports, (given, options) => createScopedDoor(given, policy, options));
  for (const HostConfig of [{}, { NetworkMode: "default" }, { NetworkMode: "" }]) {
    const body = { Image: "busybox", HostConfig };
    const { Id } = (await door.call("POST", "/containers/create", { body })).json() as { Id: string };
    assert.deepEqual((await containers.port.get(Id)).spec.network.mode, { kind: "none" });
  }
});

test("systemd boots through a socket that may make containers: it gives no more than other containers have", async () => {
  const { ports, containers } = createFakeEngine();
  const policy = policyOf(readAllowed(["containers"]));
  await using door = await openDoor(ports, (given, options) => createScopedDoor(given, policy, options));
  const make = async (HostConfig: object) =>
    await door.call("POST", "/containers/create", { body: { Image: "busybox", HostConfig } });
  const { Id } = (await make({ Systemd: "always" })).json() as { Id: string };
  assert.equal((await containers.port.get(Id)).spec.systemd, "always");
  assert.equal((await make({ Systemd: "always", CapAdd: ["SYS_ADMIN"] })).status, 403);
});
