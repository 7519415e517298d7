import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { sha256 } from "../../../base/index.ts";
import { parseReference } from "../../reference.ts";
import { configuredHosts } from "./find-hosts.ts";
import type { Host } from "./host.ts";

describe("configuredHosts", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "tug-hosts-"));
  });
  afterEach(() => rm(root, { recursive: true }));

  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  const find = (reference: string) =>
    configuredHosts({
      files: {
        directories: [join(root, "a"), join(root, "b")],
        registriesConf: join(root, "registries.conf"),
      },
    })(parseReference(reference));
  const show = (hosts: readonly Host[]) =>
    hosts.map(({ api, path, capabilities, isMirror }) => {
      return `${api.href}${path} ${capabilities.join("+")}${isMirror ? " mirror" : ""}`;
    });

  it("gives the registry itself where nothing is configured", async () => {
    assert.deepEqual(show(await find("debian")), [
      "https://registry-1.docker.io/v2/library/debian resolve+pull+push",
    ]);
    assert.deepEqual(show(await find("localhost:5000/a")), ["http://localhost:5000/v2/a resolve+pull+push"]);
  });

  describe("by containerd's hosts.toml", () => {
    it("gives mirrors first, then the registry", async () => {
      await write(
        "a/docker.io/hosts.toml",
        `server = "https://registry-1.docker.io"
         [host."http://mirror.example:5000"]
           capabilities = ["pull", "resolve"]
           dial_timeout = "1.5s"
           [host."http://mirror.example:5000".header]
             X-Token = ["a", "b"]
         [host."https://proxy.example/cache"]
           override_path = true
         [host."other.example/docker"]`,
      );
      const hosts = await find("debian");
      assert.deepEqual(show(hosts), [
        "http://mirror.example:5000/v2/library/debian pull+resolve mirror",
        "https://proxy.example/cache/library/debian resolve+pull+push mirror",
        "https://other.example/docker/v2/library/debian resolve+pull+push mirror",
        "https://registry-1.docker.io/v2/library/debian resolve+pull+push",
      ]);
      assert.deepEqual(hosts[0]?.headers, { "x-token": "a, b" });
      assert.equal(hosts[0]?.connectTimeout, 1500);
      assert.deepEqual(
        hosts.map(({ namespace }) => namespace),
        ["docker.io", "docker.io", "docker.io", undefined],
      );
    });

    it("finds a port in both spellings, and what holds for all registries", async () => {
      await write("a/one.example_5000_/hosts.toml", 'server = "https://one"');
      await write("b/two.example:5000/hosts.toml", 'server = "https://two"');
      await write("b/_default/hosts.toml", '[host."https://all"]\ncapabilities = ["pull"]');
      assert.deepEqual(show(await find("one.example:5000/x")), ["https://one/v2/x resolve+pull+push mirror"]);
      assert.deepEqual(show(await find("two.example:5000/x")), ["https://two/v2/x resolve+pull+push mirror"]);
      assert.deepEqual(show(await find("three.example/x")), [
        "https://all/v2/x pull mirror",
        "https://three.example/v2/x resolve+pull+push",
      ]);
    });

    it("reads certificates relative to the file", async () => {
      await write(
        "a/one.example/hosts.toml",
        'ca = "ca.pem"\nclient = [["my.cert", "my.key"]]\nskip_verify = true',
      );
      await write("a/one.example/ca.pem", "CA");
      await write("a/one.example/my.cert", "CERT");
      await write("a/one.example/my.key", "KEY");
      const [host] = await find("one.example/x");
      assert.deepEqual(host?.tls, { ca: ["CA"], client: { cert: "CERT", key: "KEY" }, verify: false });
    });

    for (const [text, message] of [
      ["server = 7", /hosts\.toml: server is not a text$/],
      ['server = "http://["', /is no address$/],
      ['capabilities = ["fly"]', /"fly" is no capability$/],
      ['dial_timeout = "soon"', /is no duration such as 3s$/],
      ['[header]\n"x y" = "1"', /header\.x y is no header$/],
      ['[header]\nx = "1\\r\\ny: 2"', /header\.x is no header$/],
      ['ca = "missing.pem"', /ENOENT/],
      ["client = []", /client names no certificate$/],
      ["[host]\na = 1", /host\."a": it is not a table$/],
      ['[host."http://["]', /is no address$/],
    ] as const) {
      it(`refuses ${JSON.stringify(text)}`, async () => {
        await write("a/one.example/hosts.toml", text);
        await assert.rejects(find("one.example/x"), { code: "IMAGE_REGISTRY_CONFIG", message });
      });
    }
  });

  it("takes the certificates that Docker and podman have for a host", async () => {
    await write("b/one.example:5000/ca.crt", "CA");
    await write("b/one.example:5000/client.cert", "CERT");
    await write("b/one.example:5000/client.key", "KEY");
    await write("b/two.example/lonely.cert", "CERT");
    const [one] = await find("one.example:5000/x");
    assert.deepEqual(one?.tls, { ca: ["CA"], client: { cert: "CERT", key: "KEY" }, verify: true });
    const [two] = await find("two.example/x");
    assert.deepEqual(two?.tls, { ca: [], client: undefined, verify: true });
  });

  describe("by registries.conf", () => {
    it("gives mirrors first, and puts other names in the place of the prefix", async () => {
      await write(
        "registries.conf",
        `[[registry]]
         prefix = "one.example/team"
         location = "two.example/others"
         [[registry.mirror]]
         location = "mirror.example/cache"
         [[registry.mirror]]
         location = "digests.example"
         pull-from-mirror = "digest-only"
         [[registry.mirror]]
         location = "tags.example"
         pull-from-mirror = "tag-only"
         [[registry]]
         location = "one.example"
         insecure = true
         [[registry]]
         prefix = "*.wild.example"
         location = "wild.example/all"`,
      );
      assert.deepEqual(show(await find("one.example/team/app:1")), [
        "https://mirror.example/v2/cache/app pull+resolve mirror",
        "https://digests.example/v2/app pull mirror",
        "https://tags.example/v2/app pull+resolve mirror",
        "https://two.example/v2/others/app resolve+pull+push mirror",
      ]);
      const byDigest = await find(`one.example/team/app@${sha256("x")}`);
      assert.equal(byDigest.length, 3);
      const insecure = await find("one.example/teams/app");
      assert.deepEqual(show(insecure), [
        "https://one.example/v2/teams/app resolve+pull+push",
        "http://one.example/v2/teams/app resolve+pull+push",
      ]);
      assert.equal(insecure[0]?.tls.verify, false);
      assert.deepEqual(show(await find("a.wild.example/x/y")), [
        "https://wild.example/v2/all/x/y resolve+pull+push mirror",
      ]);
    });

    it("refuses what is blocked", async () => {
      await write("registries.conf", '[[registry]]\nprefix = "docker.io"\nblocked = true');
      await assert.rejects(find("debian"), {
        code: "IMAGE_REGISTRY_DENIED",
        message: /^cannot use docker\.io\/library\/debian: .*registries\.conf blocks docker\.io$/,
      });
    });

    it("lets files of the directory beside it replace rules", async () => {
      await write("registries.conf", '[[registry]]\nlocation = "one.example"\nblocked = true');
      await write("registries.conf.d/10-a.conf", '[[registry]]\nlocation = "one.example"\nblocked = true');
      await write("registries.conf.d/20-b.conf", '[[registry]]\nprefix = "one.example"');
      await write("registries.conf.d/30-c.txt", "nonsense");
      assert.deepEqual(show(await find("one.example/x")), ["https://one.example/v2/x resolve+pull+push"]);
    });

    it("comes after hosts.toml", async () => {
      await write("registries.conf", '[[registry]]\nlocation = "one.example"\nblocked = true');
      await write("a/one.example/hosts.toml", 'server = "https://one.example"');
      assert.deepEqual(show(await find("one.example/x")), ["https://one.example/v2/x resolve+pull+push"]);
    });

    for (const [text, message] of [
      ["[[registry]]\ninsecure = true", /registry\[0\]: it has neither a prefix nor a location$/],
      ['[[registry]]\nlocation = "https://a.example"', /has a scheme; write host/],
      ['[[registry]]\nlocation = "a"\n[[registry.mirror]]\n', /mirror\[0\]: it has no location$/],
      [
        '[[registry]]\nlocation = "a"\n[[registry.mirror]]\nlocation = "b"\npull-from-mirror = "x"',
        /pull-from-mirror is none of all, digest-only, tag-only$/,
      ],
      ["registry = 1", /registry is not a list of tables$/],
    ] as const) {
      it(`refuses ${JSON.stringify(text)}`, async () => {
        await write("registries.conf", text);
        await assert.rejects(find("a/x"), { code: "IMAGE_REGISTRY_CONFIG", message });
      });
    }
  });
});
