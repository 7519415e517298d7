import assert from "node:assert/strict";
import { test } from "node:test";
import { openCli } from "./cli.ts";

test("networks are made, listed, looked at and removed", async () => {
  await using cli = await openCli();
  const made = await cli.run("network create --label stage=test --subnet 10.1.0.0/24 web");
  assert.match(made.stdout, /^[0-9a-f]{64}\n$/);
  assert.equal((await cli.run("network create web")).code, 1);
  assert.deepEqual(
    (await cli.run("network ls")).stdout.split("\n").map((line) => line.split(/ {2,}/).slice(1)),
    [["NAME", "DRIVER", "SCOPE"], ["bridge", "bridge", "local"], ["web", "bridge", "local"], []],
  );
  assert.equal((await cli.run("network ls -f label=stage=test --format {{.Name}}")).stdout, "web\n");
  assert.equal((await cli.run("network inspect -f {{.Labels.stage}} web")).stdout, "test\n");
  assert.equal((await cli.run("network rm web")).stdout, "web\n");
  const missing = await cli.run("network rm web");
  assert.deepEqual([missing.code, missing.stderr.split("\n")[0]], [1, "tug: network web not found"]);
  assert.equal((await cli.run("network rm -f web")).code, 0);
});

test("containers are connected and taken off again", async () => {
  await using cli = await openCli();
  await cli.run("network create web");
  assert.equal((await cli.run("network connect --alias db --ip 172.17.0.9 web c1")).code, 0);
  const format = "{{range $id, $c := .Containers}}{{$id}} {{$c.Name}} {{$c.IPv4Address}}{{end}}";
  assert.equal((await cli.run(["network", "inspect", "-f", format, "web"])).stdout, "c1 c1 db 172.17.0.9\n");
  assert.equal((await cli.run("network disconnect web c1")).code, 0);
  assert.equal((await cli.run("network disconnect web c1")).code, 1);
});

test("a port is explained", async () => {
  await using cli = await openCli();
  const told = await cli.run("network explain 53/udp");
  const listens = "a program of this machine listens there, at 0.0.0.0";
  assert.deepEqual([told.code, told.stdout], [0, `53/udp leads to no container; ${listens}\n`]);
  const asJson = JSON.parse((await cli.run("network explain --format json 8080")).stdout);
  assert.deepEqual(asJson, { Port: 8080, Protocol: "tcp", Listeners: ["0.0.0.0"], Publications: [] });
  assert.equal((await cli.run("network explain 0")).code, 1);
});

test("networks that nobody uses are pruned", async () => {
  await using cli = await openCli();
  await cli.run("network create one");
  assert.equal((await cli.run("network prune")).stdout, "Deleted Networks:\none\n");
  assert.equal((await cli.run("network prune")).stdout, "");
});

test("options that need each other, and drivers that are not there, are refused", async () => {
  await using cli = await openCli();
  const gateway = await cli.run("network create --gateway 10.0.0.1 web");
  assert.match(gateway.stderr, /^tug: --gateway and --ip-range need a --subnet each/);
  const driver = await cli.run("network create -d overlay web");
  assert.deepEqual([driver.code, /could not find plugin overlay/.test(driver.stderr)], [1, true]);
  assert.match(driver.stderr, /drivers are bridge, macvlan, ipvlan/);
});

test("addresses that are somebody else's are named", async () => {
  await using cli = await openCli();
  const subnet = "--subnet 10.9.0.0/24 --subnet fd00:9::/64";
  const reserved = "--aux-address printer=10.9.0.7 --aux-address nas=fd00:9::7";
  assert.equal((await cli.run(`network create ${subnet} ${reserved} lan`)).code, 0);
  const format = "{{json (index .IPAM.Config 0).AuxiliaryAddresses}}";
  assert.equal(
    (await cli.run(["network", "inspect", "-f", format, "lan"])).stdout,
    '{"printer":"10.9.0.7"}\n',
  );
  assert.match((await cli.run("network create --aux-address a=10.9.0.7 b")).stderr, /needs a --subnet/);
});

test("macvlan and ipvlan have options of their own", async () => {
  await using cli = await openCli();
  assert.equal((await cli.run("network create -d macvlan -o parent=eth0 -o macvlan_mode=vepa lan")).code, 0);
  assert.equal((await cli.run("network create -d ipvlan -o parent=eth0.10 -o ipvlan_mode=l3 far")).code, 0);
  const format = "{{.Driver}} {{.Options.parent}}";
  assert.equal((await cli.run(["network", "inspect", "-f", format, "lan"])).stdout, "macvlan eth0 vepa\n");
  assert.equal((await cli.run(["network", "inspect", "-f", format, "far"])).stdout, "ipvlan eth0.10 l3\n");
  assert.equal((await cli.run("network ls -q -f driver=ipvlan")).stdout.length, 13);
  const refused = await cli.run("network create -d macvlan -o macvlan_mode=l2 bad");
  assert.match(refused.stderr, /"l2" is no macvlan_mode\n.*bridge, private, vepa, passthru/);
});
