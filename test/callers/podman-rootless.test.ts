import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { boxImage, needsBox } from "../e2e/harness/index.ts";
import { dockerArchive } from "../environment/index.ts";
import {
  FIRST_SUBORDINATE,
  lacksMappers,
  type OrdinaryUser,
  ordinaryUser,
  SUBORDINATES,
} from "../privileged/harness/ordinary-user.ts";
import {
  aloneRuntime,
  needsPodman,
  type OciRuntime,
  onOwnMachine,
  openPodman,
  type Program,
  program,
} from "./harness/index.ts";

onOwnMachine(import.meta.filename, needsBox() || needsPodman() || lacksMappers, () => {
  describe("podman without root", declare);
});

function declare(): void {
  let user: OrdinaryUser;
  let runtime: OciRuntime;
  let podman: Program;

  before(async () => {
    const directory = await mkdtemp(join(tmpdir(), "t-"));
    user = await ordinaryUser({ mappers: true });
    runtime = await aloneRuntime(directory);
    const inside = (command: readonly string[], env: Readonly<Record<string, string>>) => {
      const own = Object.entries({ ...env, XDG_RUNTIME_DIR: join(user.home, "run") });
      return program([
        ...user.within(directory),
        ...own.map(([name, value]) => `${name}=${value}`),
        ...command,
      ]);
    };
    ({ podman } = await openPodman(directory, runtime, { inside }));
    const archive = join(directory, "box.tar");
    await writeFile(archive, dockerArchive({ "box:latest": boxImage({ format: "docker" }) }));
    execFileSync("chown", ["--recursive", `${user.id}:${user.id}`, directory]);
    await podman.ok(["load", "--quiet", "--input", archive]);
  });
  after(async () => {
    await podman?.run(["rm", "--all", "--force", "--time", "0"]);
    await runtime?.[Symbol.asyncDispose]();
    await user?.[Symbol.asyncDispose]();
  });

  const run = (...words: readonly string[]): string[] => ["run", "--network", "none", ...words];

  test("run, as root and as another user of the container", async () => {
    const [ids, first, further] = (
      await podman.ok(run("--rm", "box", "sh", "-c", "id -u; cat /proc/self/uid_map"))
    ).split("\n");
    assert.equal(ids, "0");
    const words = [first, further].map((line) => line?.trim().split(/ +/).map(Number));
    assert.deepEqual(words, [
      [0, user.id, 1],
      [1, FIRST_SUBORDINATE, SUBORDINATES],
    ]);
    const args = ["--rm", "--user", "1000:50", "--read-only", "--tmpfs", "/t:mode=1777", "box"];
    const script = "id; touch /x; echo there >/t/x; cat /t/x; echo x >/dev/full";
    const { stdout, stderr } = await podman.run(run(...args, "sh", "-c", script));
    assert.match(stdout, /^uid=1000.* gid=50.*\nthere\n$/);
    assert.match(stderr, /Read-only file system\n.*No space left on device/);
  });

  test("what shares the host's namespaces, and has all privileges", async () => {
    const hosts = ["--network", "host", "--pid", "host", "--uts", "host"];
    const args = ["run", "--rm", ...hosts, "box", "sh", "-c", "ls -d /proc/$PPID /sys/kernel | wc -l"];
    assert.equal(await podman.ok(args), "2");
    assert.equal(await podman.ok(run("--rm", "--privileged", "box", "id", "-u")), "0");
  });

  test("build, its RUN steps in containers of the runtime", async () => {
    const file = "FROM box\nRUN id -u >/who\nUSER 1000\nRUN id -u\n";
    const args = ["build", "--isolation", "oci", "--network", "none", "--tag", "made", "--file", "-"];
    const { code, stdout, stderr } = await podman.run(args, { input: file });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^1000$/m);
    assert.equal(await podman.ok(run("--rm", "--user", "0", "made", "cat", "/who")), "0");
  });

  test("exec, logs, kill and rm", async () => {
    const words = ["sh", "-c", "echo said; exec sleep 1000"];
    await podman.ok(run("--detach", "--name", "stays", "box", ...words));
    assert.equal(await podman.ok(["exec", "--user", "7", "stays", "id", "-u"]), "7");
    assert.equal(await podman.ok(["logs", "stays"]), "said");
    await podman.ok(["kill", "stays"]);
    assert.equal(await podman.ok(["wait", "stays"]), "137");
    await podman.ok(["rm", "stays"]);
    assert.equal(await podman.ok(["ps", "--all", "--quiet"]), "");
  });
}
