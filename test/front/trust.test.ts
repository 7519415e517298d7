import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { FrontRequest } from "../../src/front/index.ts";
import { tableHash } from "../../src/plan/index.ts";
import { startProcess } from "../environment/process.ts";
import { debianProgram, requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { listening, makeStage, type Stage } from "./resident.ts";

const skip = requireRoot();

/** A stage in a directory of its own, for the length of a test. */
async function onStage(play: (stage: Stage) => Promise<void>): Promise<void> {
  await using directory = await temporaryDirectory();
  await play(await makeStage(directory.path));
}

test("a resident process of the same build in the same place carries commands out", { skip }, () =>
  onStage(async (stage) => {
    await using _ = await listening(stage.serve(), stage.socket);
    assert.equal(await stage.ask(), "resident");
    assert.equal(await stage.ask({ program: "tug-oci" }), "resident");
    assert.deepEqual(
      stage.served.map(({ program, argv }) => [program, ...argv]),
      [
        ["tug", "ps"],
        ["tug-oci", "ps"],
      ],
    );
  }),
);

test("the configuration of the bundle that a command is about goes along, if it is a file", { skip }, () =>
  onStage(async (stage) => {
    await using _ = await listening(stage.serve(), stage.socket);
    const bundle = join(stage.run, "../bundle");
    const path = `${bundle}/config.json`;
    await mkdir(bundle);
    const sent = async (argv: readonly string[], program: "tug" | "tug-oci" = "tug-oci") => {
      assert.equal(await stage.ask({ program, argv }), "resident");
      const { config } = stage.served.at(-1) as FrontRequest;
      return config && [config.path, config.content.toString()];
    };
    assert.equal(await sent(["run", "-b", bundle, "x"]), undefined, "there is none");
    for (const content of ["{}", "", "é".repeat(300_000)]) {
      await writeFile(path, content);
      for (const words of [["--bundle", bundle], ["-b", bundle], [`--bundle=${bundle}`], [`-b=${bundle}`]])
        assert.deepEqual(await sent(["--root", "/r", "create", ...words, "x"]), [path, content]);
    }
    assert.equal(await sent(["start", "-b", bundle, "x"]), undefined);
    assert.equal(await sent(["run", "-b", bundle, "x"], "tug"), undefined);
    await writeFile(path, Buffer.alloc(1024 * 1024 + 1));
    assert.equal(await sent(["run", "-b", bundle, "x"]), undefined, "too long");
    await rm(path);
    await mkdir(path);
    assert.equal(await sent(["run", "-b", bundle, "x"]), undefined, "a directory");
    await rm(path, { recursive: true });
    execFileSync("mkfifo", [path]);
    assert.equal(await sent(["run", "-b", bundle, "x"]), undefined, "a FIFO, which is not waited for");
    assert.equal(await sent(["run", "-b", "b".repeat(5000), "x"]), undefined);
    assert.equal(await sent(["run", "-b"]), undefined);
  }),
);

for (const program of ["tug", "tug-oci"] as const) {
  test(`${program}: a run directory that others could have made is not trusted`, { skip }, () =>
    onStage(async (stage) => {
      await using _ = await listening(stage.serve(), stage.socket);
      for (const mode of [0o710, 0o701, 0o777, 0o1700, 0o500]) {
        await chmod(stage.run, mode);
        assert.equal(await stage.ask({ program }), "node", mode.toString(8));
      }
      await chmod(stage.run, 0o700);
      await chown(stage.run, 1000, 0);
      assert.equal(await stage.ask({ program }), "node");
      await chown(stage.run, 0, 1000);
      assert.equal(await stage.ask({ program }), "resident");
      const link = `${stage.run}-link`;
      await symlink(stage.run, link);
      assert.equal(await stage.ask({ program, run: link }), "node");
      assert.equal(await stage.ask({ program, run: join(stage.run, "missing") }), "node");
      await writeFile(join(stage.run, "file"), "");
      assert.equal(await stage.ask({ program, run: join(stage.run, "file") }), "node");
    }),
  );

  test(`${program}: a socket of somebody else, or a link to one, is not trusted`, { skip }, () =>
    onStage(async (stage) => {
      const elsewhere = join(stage.run, "elsewhere");
      await using _ = await listening(stage.serve(), elsewhere);
      await symlink(elsewhere, stage.socket);
      assert.equal(await stage.ask({ program }), "node");
      await rename(elsewhere, stage.socket);
      assert.equal(await stage.ask({ program }), "resident");
      await chown(stage.socket, 1000, 0);
      assert.equal(await stage.ask({ program }), "node");
    }),
  );

  test(`${program}: a socket behind which somebody else listens is not trusted`, { skip }, () =>
    onStage(async (stage) => {
      // Bound by root, and then another user listens on it.
      const script = `use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un($ARGV[0]));
        $> = 1000; listen($s, 5); print STDERR "listening\\n"; accept(my $c, $s); sleep 100`;
      await using other = startProcess("perl", ["-e", script, stage.socket]);
      await other.waitForStderr(/listening/);
      const begin = performance.now();
      assert.equal(await stage.ask({ program }), "node");
      // It was not even waited for.
      assert.ok(performance.now() - begin < PATIENCE_MS);
    }),
  );

  test(`${program}: a socket that a dead process left, or something that is none`, { skip }, () =>
    onStage(async (stage) => {
      const left = startProcess("perl", [
        "-e",
        'use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un($ARGV[0])); listen($s, 5); print STDERR "x\\n"; sleep 100',
        stage.socket,
      ]);
      await left.waitForStderr(/x/);
      await left[Symbol.asyncDispose]();
      assert.equal(await stage.ask({ program }), "node");
      await rm(stage.socket);
      assert.equal(await stage.ask({ program }), "node");
      await writeFile(stage.socket, "");
      assert.equal(await stage.ask({ program }), "node");
    }),
  );

  test(
    `${program}: a process that hangs is waited for a quarter of a second, wherever it hangs`,
    {
      skip,
    },
    () =>
      onStage(async (stage) => {
        const good = await greetingOf(stage);
        const hangs = {
          "before the greeting": createServer(),
          "within the greeting": createServer(
            (socket) => void socket.write(Buffer.from([60, 0, 0, 0, 1, 1])),
          ),
          "byte by byte": createServer((socket) => {
            let at = 0;
            const timer = setInterval(() => void socket.write(good.subarray(at, ++at)), 100);
            socket.once("close", () => clearInterval(timer));
          }),
          "after the greeting": createServer((socket) => void socket.write(good)),
        };
        for (const [when, server] of Object.entries(hangs)) {
          await using _ = await listening(server, stage.socket);
          const begin = performance.now();
          assert.equal(await stage.ask({ program }), "node", when);
          assert.ok(performance.now() - begin >= PATIENCE_MS, when);
        }
      }),
  );

  test(`${program}: a request that was not accepted in time has no effect`, { skip }, () =>
    onStage(async (stage) => {
      const good = await greetingOf(stage);
      // Takes a nap after each request: what front sent is there, and front is not.
      const server = stage.serve();
      const accept = server.listeners("connection")[0] as (socket: unknown) => void;
      server.removeAllListeners("connection");
      const late: Promise<void>[] = [];
      server.on("connection", (socket) => {
        socket.pause();
        socket.write(good);
        const { write } = socket;
        socket.write = () => true;
        late.push(
          delay(2 * PATIENCE_MS).then(() => {
            accept(socket);
            socket.write = write;
          }),
        );
      });
      await using _ = await listening(server, stage.socket);
      assert.equal(await stage.ask({ program }), "node");
      await Promise.all(late);
      await delay(50);
      assert.equal(late.length, 1);
      assert.deepEqual(stage.served, []);
    }),
  );

  test(
    `${program}: what may be repeated is run again when the process dies before any output`,
    { skip },
    () =>
      onStage(async (stage) => {
        const silent = { dies: "silent", repeatable: true } as const;
        const told = { dies: "after output", repeatable: true } as const;
        const once = { dies: "silent", repeatable: false } as const;
        const says = async (options: typeof silent | typeof told | typeof once): Promise<string> => {
          await using _ = await listening(stage.serve(options), stage.socket);
          return await stage.ask({ program }).catch((error: Error) => error.message);
        };
        assert.equal(await says(silent), "node");
        const gone = `${program}: cannot finish the command: the engine has gone\n`;
        assert.equal(await says(told), `ended with 125: resident\n${gone}`);
        assert.equal(await says(once), `ended with 125: ${gone}`);
      }),
  );

  test(
    `${program}: a process of another build, protocol, op table or with half a greeting is not used`,
    {
      skip,
    },
    () =>
      onStage(async (stage) => {
        const good = await greetingOf(stage);
        const hash = good.indexOf(Buffer.from(tableHash, "hex"));
        const changes: Record<string, (bytes: Buffer) => Buffer> = {
          version: (bytes) => flip(bytes, 5),
          "op table": (bytes) => flip(bytes, hash),
          build: (bytes) => flip(bytes, good.indexOf("bbb") + 31),
          "no build": (bytes) => Buffer.concat([bytes.subarray(0, 17), Buffer.alloc(4), bytes.subarray(53)]),
          "a long build": (bytes) => {
            bytes.writeUInt32LE(0xffffffff, 17);
            return bytes;
          },
          type: (bytes) => flip(bytes, 4),
          "the root's inode": (bytes) => flip(bytes, bytes.length - 1),
          "the mount namespace's inode": (bytes) => flip(bytes, 53 + 8),
          size: (bytes) => {
            bytes.writeUInt32LE(0xfffffff0);
            return bytes;
          },
        };
        for (const [what, change] of Object.entries(changes)) {
          const bytes = change(Buffer.from(good));
          const server = createServer((socket) => void socket.end(bytes));
          await using _ = await listening(server, stage.socket);
          assert.equal(await stage.ask({ program }), "node", what);
        }
        await using _ = await listening(stage.serve({ build: "c".repeat(32) }), stage.socket);
        assert.equal(await stage.ask({ program }), "node");
        await rm(join(stage.packagePath, "dist/build"));
        await using __ = await listening(stage.serve({ build: "" }), `${stage.socket}2`);
        await rename(`${stage.socket}2`, stage.socket);
        assert.equal(await stage.ask({ program }), "node");
      }),
  );

  for (const name of ["--mount", "--pid --fork", "--user --map-root-user", "--cgroup"]) {
    test(
      `${program}: a process outside of the caller's own namespace (unshare ${name}) is not used`,
      {
        skip,
      },
      () =>
        onStage(async (stage) => {
          await using _ = await listening(stage.serve(), stage.socket);
          const before = ["unshare", ...name.split(" ")];
          assert.equal(await stage.ask({ program, before }), "node");
          assert.equal(
            await stage.ask({ program, before: ["unshare", "--uts", "--ipc", "--net"] }),
            "resident",
          );
        }),
    );
  }

  const busybox = debianProgram("busybox");
  test(
    `${program}: a process that has another root directory is not used`,
    { skip: skip || busybox.skip },
    () =>
      onStage(async (stage) => {
        await using server = await listening(stage.serve(), stage.socket);
        const root = join(stage.packagePath, "..");
        await mkdir(join(root, "bin"));
        await mkdir(join(root, "proc"));
        const { path } = busybox;
        const script = `cp ${path} ${root}/bin/sh && mount -t proc proc ${root}/proc && exec chroot ${root} "$@"`;
        // Its own mount namespace holds the mount, not the caller: front is started in the one that it came from.
        const before = ["sh", "-c", `${script}`, "sh"];
        assert.equal(await stage.ask({ program, before, run: "/run", packagePath: "/package" }), "node");
        assert.equal(server.connections, 1);
      }),
  );
}

test("a caller whose user is not root looks for nobody", { skip }, () =>
  onStage(async (stage) => {
    await using _ = await listening(stage.serve(), stage.socket);
    await chmod(join(stage.run, ".."), 0o755);
    await chown(stage.run, 1000, 1000);
    await chown(stage.socket, 1000, 1000);
    const before = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"];
    assert.equal(await stage.ask({ before }), "node");
  }),
);

test("a caller with few descriptors or no_new_privs uses the process that is there", { skip }, () =>
  onStage(async (stage) => {
    await using _ = await listening(stage.serve(), stage.socket);
    for (const program of ["tug", "tug-oci"] as const) {
      assert.equal(await stage.ask({ program, before: ["prlimit", "--nofile=64"] }), "resident");
      assert.equal(await stage.ask({ program, before: ["setpriv", "--no-new-privs"] }), "resident");
    }
  }),
);

const PATIENCE_MS = 250;

/** What a process of the stage's own build says first. */
async function greetingOf(stage: Stage): Promise<Buffer> {
  await using _ = await listening(stage.serve(), `${stage.socket}.greeting`);
  const socket = connect(`${stage.socket}.greeting`);
  const [bytes] = await once(socket, "data");
  socket.destroy();
  return bytes;
}

function flip(bytes: Buffer, at: number): Buffer {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}
