import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { debianProgram, loadBusybox, requireRoot, startTug, type TugInstance } from "../environment/index.ts";

const busybox = debianProgram("busybox");
const docker = debianProgram("docker");
const skip = requireRoot() || busybox.skip;

/** The files of a container that has changed something, as an archive. */
async function exportChanged(tug: TugInstance): Promise<string> {
  await loadBusybox(tug);
  const run = await tug.tug([
    "run",
    "--name",
    "changed",
    "--network",
    "none",
    "busybox",
    "sh",
    "-c",
    "echo new > /etc/added",
  ]);
  assert.equal(run.code, 0, run.stderr);
  const archive = join(tug.directory, "changed.tar");
  assert.equal((await tug.tug(["export", "-o", archive, "changed"])).code, 0);
  return archive;
}

test("what a container has become is an image again, by file, by stdin and by address", {
  skip,
}, async () => {
  await using tug = await startTug();
  const archive = await exportChanged(tug);
  const files = createServer((_, response) => void readFile(archive).then((data) => response.end(data)));
  files.listen(0, "127.0.0.1");
  await once(files, "listening");
  await using _ = { [Symbol.asyncDispose]: async () => void files.close() };
  const address = `http://127.0.0.1:${(files.address() as AddressInfo).port}/changed.tar`;
  const change = ["-c", 'CMD ["cat", "/etc/added"]', "-c", "ENV PATH=/bin"];
  const imported = await Promise.all([
    tug.tug(["import", ...change, archive, "frozen:file"]),
    tug.tug(["import", ...change, "-", "frozen:stdin"], { input: await readFile(archive) }),
    tug.tug(["import", ...change, address, "frozen:address"]),
  ]);
  for (const { code, stdout, stderr } of imported) {
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^sha256:[0-9a-f]{64}\n$/);
  }
  for (const tag of ["file", "stdin", "address"]) {
    const { stdout, stderr } = await tug.tug(["run", "--rm", "--network", "none", `frozen:${tag}`]);
    assert.equal(stdout, "new\n", stderr);
  }
  const { stdout: differences } = await tug.tug(["image", "diff", "busybox", "frozen:file"]);
  assert.match(differences, /^A \/etc\/added$/m);
  assert.doesNotMatch(differences, /\/etc\/passwd|\/bin\/busybox/);
  const bad = await tug.tug(["import", "-", "frozen:bad"], { input: "no archive" });
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /^tug: cannot /);
  files.closeAllConnections();
  files.close();
  await once(files, "close");
  const { stderr } = await tug.tug(["import", address, "frozen:none"]);
  assert.equal(stderr, `tug: cannot import ${address}: it cannot be reached: connection refused\n`);
});

test("a pruning leaves what containers use", { skip }, async () => {
  await using tug = await startTug();
  const archive = await exportChanged(tug);
  assert.equal((await tug.tug(["import", archive, "frozen:1"])).code, 0);
  assert.equal((await tug.tug(["import", archive])).code, 0);
  const dangling = await tug.tug(["image", "prune", "-f"]);
  assert.match(dangling.stdout, /^Deleted Images:\ndeleted: sha256:.*\nTotal reclaimed space: /s);
  assert.match((await tug.tug(["images"])).stdout, /frozen/);
  const all = await tug.tug(["image", "prune", "-af"]);
  assert.match(all.stdout, /untagged: frozen:1\n/);
  const left = (await tug.tug(["images", "--format", "{{.Repository}}"])).stdout;
  assert.equal(left, "busybox\n");
});

test("the stock client imports and prunes", { skip: skip || docker.skip }, async () => {
  await using tug = await startTug();
  const archive = await exportChanged(tug);
  const env = { HOME: tug.directory, DOCKER_HOST: `unix://${join(tug.run, "tug.sock")}` };
  const run = promisify(execFile);
  const { stdout } = await run(docker.path, ["import", "--change", "CMD /bin/true", archive, "stock:1"], {
    env,
  });
  assert.match(stdout, /^sha256:[0-9a-f]{64}\n$/);
  const pruned = await run(docker.path, ["image", "prune", "-a", "-f"], { env });
  assert.match(pruned.stdout, /untagged: stock:1\n/);
});
