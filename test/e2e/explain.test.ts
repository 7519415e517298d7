import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { checkout } from "../../tools/test/cache.ts";
import { busyboxRootfs, runCommand } from "../environment/index.ts";
import { boxImage, leavesNothing, needsBox, needsNobody, tugAsNobody, useEngine } from "./harness/index.ts";

const helper = join(checkout, "dist/helper/tug-helper");

describe("tug explain", { skip: needsBox() }, () => {
  const engine = useEngine();
  before(() => chmodSync(engine.directory, 0o755));

  test("run makes nothing: no volume, no directory, no container", async () => {
    const source = join(engine.directory, "absent");
    await leavesNothing(engine, async () => {
      const text = await engine.ok([
        "explain",
        "run",
        "-v",
        "/data",
        "-v",
        `${source}:/b`,
        "-v",
        "named:/c",
        "box",
      ]);
      assert.match(text, /cloneMount path=.*\/volumes\/named\/_data /);
    });
    assert.equal(existsSync(source), false);
  });

  test("run without the image says so, and what to do", async () => {
    const { code, stderr } = await engine.tug(["explain", "run", "absent"]);
    assert.deepEqual(
      [code, stderr],
      [125, "tug: No such image: absent\nlist the images with tug images, or pull it\n"],
    );
  });

  test("every step has its place in the configuration", async () => {
    const text = await engine.ok(["explain", "run", "--hostname", "h", "--memory", "100m", "box", "true"]);
    assert.match(text, /^ +\d+ +hostName name=h +# \/hostname$/m);
    assert.match(text, /cgroupSet .*104857600 .*# \/linux\/resources\/memory\/limit$/m);
    assert.match(text, /^ +\d+ +exec args=\[true\] .*# \/process\/args$/m);
    const steps = text.split("\n").filter((line) => /^ +\d+ /.test(line));
    for (const step of steps) assert.match(step, / # \S/);
    assert.ok(steps.length > 50);
  });

  test("containers of one request have one plan, each its own names and groups, and what fails is told alike", async () => {
    const digest = (await engine.ok(["explain", "run", "--format", "digest", "box", "sleep", "1000"])).trim();
    const names = ["one", "two", "three", "four"];
    for (const name of names) {
      await engine.ok(["run", "-d", "--name", name, "box", "sleep", "1000"]);
      const [id = "", found] = (
        await engine.ok(["inspect", "--format", "{{.Id}} {{.PlanDigest}}", name])
      ).split(/\s/);
      assert.equal(found, digest);
      assert.equal(await engine.ok(["exec", name, "hostname"]), `${id.slice(0, 12)}\n`);
      assert.match(await engine.ok(["exec", name, "cat", "/proc/self/mountinfo"]), new RegExp(id));
      const pid = (await engine.ok(["inspect", "--format", "{{.State.Pid}}", name])).trim();
      assert.match(readFileSync(`/proc/${pid}/cgroup`, "utf8"), new RegExp(`/${id}$`, "m"));
    }
    await engine.ok(["rm", "-f", ...names]);
    const told = new Set<string>();
    for (const _ of names) {
      const { code, stderr } = await engine.tug(["run", "--rm", "-w", "/etc/passwd/below", "box", "true"]);
      assert.equal(code, 125, stderr);
      told.add(stderr);
    }
    assert.equal(told.size, 1);
    assert.match([...told].join(), /--workdir/);
  });

  test("a config.json that is missing or wrong is named with the place", async () => {
    const path = join(engine.directory, "config.json");
    const refused = async (sentence: RegExp): Promise<void> => {
      const { code, stderr } = await engine.tug(["explain", path]);
      assert.equal(code, 1);
      assert.match(stderr, sentence);
    };
    await refused(
      /^tug: cannot read \S+\/config\.json: no such file or directory\nmake one with: tug-oci spec\n$/,
    );
    writeFileSync(path, '{"ociVersion": "1.0.0", "root": {"path": 7}}');
    await refused(/config\.json#\/root\/path/);
  });

  describe("without root", { skip: needsNobody() }, () => {
    const asNobody = (...args: string[]) => tugAsNobody(args, { env: engine.env });

    test("the digest is the one that the helper reports", async () => {
      const users = "root:x:0:0::/:/bin/sh\nuser:x:1000:100::/:/bin/sh\n";
      const layers = [
        { entries: [{ path: "etc/group", content: "audio:x:63:user\nwheel:x:10:root\n" }] },
        {
          entries: [{ path: "etc/passwd", content: users }, { path: "usr/.wh.bin" }],
          compression: "zstd" as const,
        },
      ];
      await engine.load({ "named:latest": boxImage({ layers, config: { User: "user" } }) });
      const runs = [
        ["tug/hello"],
        ["--memory", "100m", "--cpus", "0.5", "--hostname", "h", "box", "true"],
        ["--read-only", "--cap-drop", "ALL", "--tmpfs", "/x", "-v", "kept:/y", "box", "sh", "-c", "exit 0"],
        ["named", "true"],
        ["--user", "root", "named", "true"],
        ["@host", "true"],
      ];
      for (const [index, words] of runs.entries()) {
        const explained = await asNobody("explain", "run", "--format", "digest", ...words);
        assert.equal(explained.code, 0, explained.stderr);
        await engine.ok(["run", "--name", `run-${index}`, ...words]);
        const executed = await engine.ok(["inspect", "--format", "{{.PlanDigest}}", `run-${index}`]);
        assert.equal(explained.stdout, executed, words.join(" "));
      }
    });

    test("tug/hello needs neither an engine nor its directories", async () => {
      const directory = join(engine.directory, "none");
      const env = {
        ...engine.env,
        TUG_DATA_ROOT: join(directory, "data"),
        TUG_RUN_ROOT: join(directory, "run"),
      };
      const { code, stdout, stderr } = await tugAsNobody(["explain", "run", "tug/hello"], { env });
      assert.equal(code, 0, stderr);
      assert.match(stdout, /exec args=\[\/hello\] .*\n\ndigest sha256:[0-9a-f]{64}\n$/);
      assert.equal(existsSync(directory), false);
    });

    test("an image that is missing, and another container, are named", async () => {
      assert.deepEqual(await asNobody("explain", "run", "absent"), {
        code: 125,
        stdout: "",
        stderr: "tug: No such image: absent\nhave root pull or load it first\n",
      });
      const joined = await asNobody("explain", "run", "--pid", "container:other", "tug/hello");
      assert.equal(joined.code, 125);
      assert.match(joined.stderr, /^tug: .*only root may look at containers\ntry again with sudo\n$/);
    });

    test("a bundle's plan is the one that tug-oci executes", async () => {
      const bundle = join(engine.directory, "bundle");
      mkdirSync(join(bundle, "rootfs"), { recursive: true });
      await busyboxRootfs(join(bundle, "rootfs"));
      assert.equal((await runCommand(["tug-oci", "spec"], { cwd: bundle })).code, 0);
      const config = JSON.parse(readFileSync(join(bundle, "config.json"), "utf8"));
      config.process.terminal = false;
      writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
      const { code, stdout, stderr } = await asNobody(
        "explain",
        "--format",
        "digest",
        join(bundle, "config.json"),
      );
      assert.equal(code, 0, stderr);
      const id = `explain-test-${process.pid}`;
      const words = ["--debug", "--log", join(engine.directory, "log"), "create", "--bundle", bundle, id];
      try {
        // The container keeps its output open, so nobody can wait for the end of that.
        const created = spawnSync(
          "bash",
          ["--rcfile", "/dev/null", "-c", 'exec -a tug-oci "$0" "$@"', helper, ...words],
          {
            stdio: "ignore",
          },
        );
        const log = readFileSync(join(engine.directory, "log"), "utf8");
        assert.equal(created.status, 0, log);
        assert.match(log, new RegExp(`digest=${stdout.trim()}`));
      } finally {
        await runCommand(["tug-oci", "delete", "--force", id]);
      }
    });

    test("everything else ends with 125 and one sentence, and starts nothing", async () => {
      const run = join(engine.directory, "nobody-run");
      const env = { ...engine.env, TUG_RUN_ROOT: run };
      const sentence =
        "tug: cannot use the engine: you are not root, and containers without root are not there yet\ntry again with sudo\n";
      const lines = [
        ...[
          "ps",
          "images",
          "info",
          "events",
          "run box true",
          "create box",
          "start a1",
          "rm a1",
          "pull box",
          "logs a1",
        ],
        ...[
          "load -i /dev/null",
          "save box",
          "tag box b",
          "rmi box",
          "exec a1 true",
          "inspect a1",
          "explain a1",
        ],
      ];
      for (const line of lines) {
        const { code, stdout, stderr } = await tugAsNobody(line.split(" "), { env });
        assert.deepEqual([code, stdout, stderr], [125, "", sentence], line);
      }
      assert.equal(existsSync(run), false);
      assert.deepEqual(await asNobody("ps"), { code: 125, stdout: "", stderr: sentence });
    });
  });
});
