import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { leavesNothing, needsBox, useEngine } from "./harness/index.ts";

const SECRET = "correct horse battery staple";

describe("secrets and configs", { skip: needsBox() }, () => {
  const engine = useEngine();
  const refusal = async (...words: string[]): Promise<string> => {
    const { code, stderr } = await engine.tug(words);
    assert.notEqual(code, 0, words.join(" "));
    return stderr;
  };
  const make = async (name: string, data: string | Uint8Array): Promise<string> => {
    const file = join(engine.directory, "input");
    writeFileSync(file, data);
    return engine.ok(["secret", "create", "--label", "a=b", name, file]);
  };

  test("a secret is a file of a container, with the owner and mode that were asked for", async () => {
    assert.equal(await make("password", SECRET), "password\n");
    const options = ["--secret", "password", "--secret", "password,target=own,uid=7,gid=8,mode=0400"];
    const elsewhere = ["--secret", "password,target=/etc/key", "--user", "7:9"];
    const script = "cat /run/secrets/password; stat -c ' %u:%g %a' /run/secrets/password";
    assert.equal(await engine.sh(options, script), `${SECRET} 0:0 444`);
    const own = "cat /run/secrets/own /etc/key; stat -c ' %u:%g %a' /run/secrets/own";
    assert.equal(await engine.sh([...options, ...elsewhere], own), `${SECRET}${SECRET} 7:8 400`);
    const write = "echo x 2>&1 > /run/secrets/password || cat /run/secrets/password";
    assert.match(await engine.sh(options, write), new RegExp(`${SECRET}$`));
    const other = await refusal("run", "--rm", ...options, "--user", "9", "box", "cat", "/run/secrets/own");
    assert.match(other, /Permission denied/);
  });

  test("secrets and configs can be read as lines, a config with what it holds", async () => {
    const file = join(engine.directory, "site.conf");
    const create = async (name: string, data: string | Uint8Array, ...labels: string[]) => {
      writeFileSync(file, data);
      await engine.ok(["config", "create", ...labels, name, file]);
    };
    await create("site", "listen 80;\n", "-l", "tier=web", "-l", "new");
    await create("raw", Buffer.from([0x1b, 0x5b, 0x32, 0x4a]));
    const shown = await engine.ok(["config", "inspect", "--pretty", "site", "raw"]);
    const common = String.raw`Created at:  \d{4}-\S+Z\nSize:        `;
    const expected = [
      String.raw`Name:        site\nLabels:\n - new\n - tier=web\n${common}11B\nContainers:  none\nData:\nlisten 80;\n`,
      String.raw`Name:        raw\n${common}4B\nContainers:  none\nData:\nit is no text; see it with: -f '\{\{\.Data\}\}'\n`,
    ];
    assert.match(shown, new RegExp(`^${expected.join("\n")}$`));
    await make("quiet", SECRET);
    const id = (await engine.ok(["create", "--secret", "quiet", "box", "true"])).trim();
    const secret = await engine.ok(["secret", "inspect", "--pretty", "quiet"]);
    assert.match(
      secret,
      new RegExp(`^Name:        quiet\nLabels:\n - a=b\n[^]*\nContainers:  ${id.slice(0, 12)}\n$`),
    );
    assert.ok(!secret.includes(SECRET));
    assert.match(
      await refusal("secret", "inspect", "--pretty", "-f", "json", "quiet"),
      /cannot use --pretty together with --format/,
    );
    await engine.ok(["rm", id]);
    await engine.ok(["secret", "rm", "quiet"]);
    await engine.ok(["config", "rm", "site", "raw"]);
  });

  test("it can have any bytes, and comes back to nobody", async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 128]);
    await make("bytes", bytes);
    assert.equal(await engine.sh(["--secret", "bytes"], "od -An -tx1 /run/secrets/bytes"), " 00 ff 0a 0d 80");
    const [seen] = JSON.parse(await engine.ok(["secret", "inspect", "password"]));
    const { CreatedAt, ...rest } = seen;
    assert.ok(Date.parse(CreatedAt) > 0);
    assert.deepEqual(rest, { Name: "password", Labels: { a: "b" }, Size: SECRET.length, Containers: [] });
    assert.equal(await engine.ok(["secret", "ls", "-q"]), "bytes\npassword\n");
    await engine.ok(["create", "--name", "shown", "--secret", "password", "box", "true"]);
    for (const words of [
      ["inspect", "shown"],
      ["explain", "shown"],
      ["why", "shown"],
      ["secret", "ls"],
    ]) {
      const { stdout, stderr } = await engine.tug(words);
      assert.equal(`${stdout}${stderr}`.includes(SECRET), false, words.join(" "));
    }
    const [container] = JSON.parse(await engine.ok(["inspect", "shown"]));
    assert.deepEqual(container.Mounts, []);
    assert.deepEqual(container.HostConfig.Secrets, [
      { Source: "password", Target: "/run/secrets/password", UID: 0, GID: 0, Mode: 0o444 },
    ]);
    await engine.ok(["rm", "shown"]);
  });

  test("it can be a variable, also of programs that come later, and comes back to nobody", async () => {
    const options = ["--secret", "password,type=env", "--secret", "password,type=env,target=PGPASSWORD"];
    const both = `${SECRET}/${SECRET}`;
    assert.equal(await engine.sh([...options, "-e", "password=plain"], 'echo "$password/$PGPASSWORD"'), both);
    await engine.ok(["run", "-d", "--name", "knows", ...options, "box", "sleep", "1000"]);
    assert.equal(await engine.ok(["exec", "knows", "sh", "-c", 'echo "$password/$PGPASSWORD"']), `${both}\n`);
    for (const words of [["inspect"], ["explain"], ["why"], ["diff"]]) {
      const { stdout, stderr } = await engine.tug([...words, "knows"]);
      assert.equal(`${stdout}${stderr}`.includes(SECRET), false, words.join(" "));
    }
    await engine.ok(["commit", "knows", "made:1"]);
    assert.equal((await engine.ok(["inspect", "made:1"])).includes(SECRET), false);
    const [container] = JSON.parse(await engine.ok(["inspect", "knows"]));
    assert.deepEqual(container.HostConfig.Secrets, [
      { Source: "password", Env: "password" },
      { Source: "password", Env: "PGPASSWORD" },
    ]);
    assert.match(await refusal("secret", "rm", "password"), /containers have it/);
    await engine.ok(["rm", "-f", "knows"]);
    await engine.ok(["rmi", "made:1"]);
  });

  test("outside it is in the run directory only while the container runs", async () => {
    const id = (
      await engine.ok(["run", "-d", "--name", "keeper", "--secret", "password", "box", "sleep", "1000"])
    ).trim();
    const directory = join(engine.run, "containers", id, "secrets");
    assert.equal(readdirSync(directory).length, 1);
    assert.match(
      await refusal("secret", "rm", "password"),
      /cannot remove secret password: containers have it/,
    );
    await engine.stopEngine("SIGKILL");
    assert.equal(await engine.ok(["exec", "keeper", "cat", "/run/secrets/password"]), SECRET);
    await engine.ok(["stop", "-t", "0", "keeper"]);
    await engine.ok(["start", "keeper"]);
    assert.equal(await engine.ok(["exec", "keeper", "cat", "/run/secrets/password"]), SECRET);
    const files = execFileSync("find", [
      engine.data,
      "-path",
      "*/snapshots/*",
      "-name",
      "password",
      "-size",
      "+0",
    ]);
    assert.equal(files.toString(), "", "nothing of it is in the container's own files");
    await engine.ok(["rm", "-f", "keeper"]);
    assert.equal(existsSync(directory), false);
  });

  test("a config is a file of a container too, and can be read by whoever asks", async () => {
    const text = "listen 80;\n";
    const file = join(engine.directory, "input");
    writeFileSync(file, text);
    assert.equal(await engine.ok(["config", "create", "-l", "a=b", "site.conf", file]), "site.conf\n");
    const options = ["--config", "site.conf", "--config", "site.conf,target=etc/own,uid=7,gid=8,mode=0400"];
    const show = "cat /site.conf /etc/own; stat -c '%u:%g %a' /site.conf /etc/own";
    assert.equal(await engine.sh(options, show), `${text}${text}0:0 444\n7:8 400`);
    const write = "echo x 2>&1 > /site.conf || echo refused";
    assert.match(await engine.sh(options, write), /Read-only file system\s+refused$/);
    await engine.ok(["create", "--name", "site", ...options, "box", "true"]);
    const [container] = JSON.parse(await engine.ok(["inspect", "site"]));
    assert.deepEqual(container.HostConfig.Configs, [
      { Source: "site.conf", Target: "/site.conf", UID: 0, GID: 0, Mode: 0o444 },
      { Source: "site.conf", Target: "/etc/own", UID: 7, GID: 8, Mode: 0o400 },
    ]);
    const [seen] = JSON.parse(await engine.ok(["config", "inspect", "site.conf"]));
    const { CreatedAt, ...rest } = seen;
    assert.ok(Date.parse(CreatedAt) > 0);
    assert.deepEqual(rest, {
      Name: "site.conf",
      Labels: { a: "b" },
      Size: text.length,
      Containers: [container.Id],
      Data: Buffer.from(text).toString("base64"),
    });
    assert.match(
      await refusal("config", "rm", "site.conf"),
      /cannot remove config site.conf: containers have/,
    );
    assert.match(await refusal("config", "create", "site.conf", file), /there is one of that name/);
    assert.match(
      await refusal("create", "--config", "none", "box"),
      /no such config: none\nlist them with: tug config ls/,
    );
    assert.match(await refusal("config", "inspect", "none"), /no such config: none/);
    assert.match(await refusal("create", "--config", "site.conf,target=/", "box"), /must not be \//);
    writeFileSync(file, Buffer.alloc(1_024_001));
    assert.match(await refusal("config", "create", "large", file), /it has more than 1024000 bytes/);
    writeFileSync(file, Buffer.alloc(1_024_000));
    assert.equal(await engine.ok(["config", "create", "large", file]), "large\n");
    assert.equal(await engine.sh(["--config", "large"], "stat -c %s /large"), "1024000");
    assert.equal(await engine.ok(["secret", "ls", "-q"]), "bytes\npassword\n");
    await engine.ok(["rm", "site"]);
    assert.equal(await engine.ok(["config", "rm", "large", "site.conf"]), "large\nsite.conf\n");
    assert.equal(await engine.ok(["config", "ls", "-q"]), "");
  });

  test("what makes no sense is refused with a sentence", async () => {
    const cases: [readonly string[], RegExp][] = [
      [["create", "--secret", "none", "box"], /no such secret: none\nlist them with: tug secret ls/],
      [["create", "--secret", "password,uid=x", "box"], /--secret/],
      [["create", "--secret", "none,type=env", "box"], /no such secret: none\nlist them with: tug secret ls/],
      [
        ["run", "--rm", "--secret", "bytes,type=env", "box", "true"],
        /cannot give secret bytes as the variable bytes: it holds a NUL byte\ngive it as a file/,
      ],
      [
        ["create", "--secret", "password", "--tmpfs", "/run/secrets/password", "box"],
        /Duplicate mount point/,
      ],
      [["secret", "inspect", "none"], /no such secret: none/],
      [["secret", "rm", "none"], /no such secret: none/],
    ];
    await leavesNothing(engine, async () => {
      for (const [words, sentence] of cases) assert.match(await refusal(...words), sentence);
    });
    const file = join(engine.directory, "input");
    for (const [name, data, sentence] of [
      ["password", "again", /cannot make secret password: there is one of that name/],
      ["a/b", "x", /cannot make secret "a\/b": that is no name for one/],
      ["empty", "", /cannot make secret empty: it is empty/],
      ["large", Buffer.alloc(512_001), /it has more than 512000 bytes/],
    ] as const) {
      writeFileSync(file, data);
      assert.match(await refusal("secret", "create", name, file), sentence);
    }
    assert.equal(await engine.ok(["secret", "rm", "password", "bytes"]), "password\nbytes\n");
    assert.equal(await engine.ok(["secret", "ls", "-q"]), "");
  });
});
