import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { test } from "node:test";
import { exitCodeOf } from "../../src/helper/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { attachClient, createContainer, startContainer } from "./container.ts";

const skip = requireRoot();

test("every client gets each stream that it asked for, in frames", { skip }, async () => {
  await using place = await temporaryDirectory();
  await using container = await createContainer(place.path, "echo out; echo err >&2; exit 3");
  const both = await container.attach();
  const out = await container.attach({ stdout: true });
  const err = await container.attach({ stderr: true });
  assert.deepEqual([both.terminal, out.terminal], [false, false]);
  await container.start();
  assert.equal(exitCodeOf(await container.finished()), 3);
  await Promise.all([both.closed, out.closed, err.closed]);
  assert.deepEqual([both.text(1), both.text(2)], ["out\n", "err\n"]);
  assert.deepEqual([out.text(1), out.text(2)], ["out\n", ""]);
  assert.deepEqual([err.text(1), err.text(2)], ["", "err\n"]);
});

test("input of several clients reaches the container; a client that leaves ends nothing", {
  skip,
}, async () => {
  await using place = await temporaryDirectory();
  await using container = await startContainer(place.path, "exec cat", { openStdin: true });
  const [one, two] = [await container.attach(), await container.attach()];
  one.write("from one\n");
  await two.until(/from one\n/);
  two.write("from two\n");
  await one.until(/from two\n/);
  one.destroy();
  two.end();
  const three = await container.attach();
  three.write("from three\n");
  await two.until(/from three\n/);
});

test("the end of input is passed on for stdinOnce, or when the client says so", { skip }, async () => {
  await using place = await temporaryDirectory();
  for (const stdinOnce of [true, false]) {
    await using container = await startContainer(place.path, "cat; echo ended", {
      openStdin: true,
      stdinOnce,
    });
    const client = await container.attach({ stdin: true, stdout: true, closesStdin: !stdinOnce });
    client.write("last words\n");
    client.end();
    assert.equal(exitCodeOf(await container.finished()), 0);
    await client.closed;
    assert.equal(client.text(), "last words\nended\n");
  }
});

test("a client that breaks off ends the input of stdinOnce too", { skip }, async () => {
  await using place = await temporaryDirectory();
  await using container = await startContainer(place.path, "cat; exit 4", {
    openStdin: true,
    stdinOnce: true,
  });
  const client = await container.attach();
  client.destroy();
  assert.equal(exitCodeOf(await container.finished()), 4);
});

test("a client without input that half-closes goes on reading", { skip }, async () => {
  await using place = await temporaryDirectory();
  await using container = await createContainer(place.path, "cat; echo late", { openStdin: true });
  const reader = await container.attach({ stdout: true });
  reader.end();
  await container.start();
  await container.control.closeStdin();
  await container.finished();
  await reader.closed;
  assert.equal(reader.text(), "late\n");
});

test("without open stdin the container reads the end of the null device at once", { skip }, async () => {
  await using place = await temporaryDirectory();
  await using container = await createContainer(place.path, "cat; readlink /proc/self/fd/0");
  const client = await container.attach();
  client.write("nobody reads this");
  await container.start();
  await container.finished();
  await client.closed;
  assert.equal(client.text(), "/dev/null\n");
});

test("a container that does not read its input holds back that client only", { skip }, async () => {
  await using place = await temporaryDirectory();
  const script = "echo ready; read line; echo $line; sleep 0.3; exec wc -c";
  await using container = await createContainer(place.path, script, { openStdin: true, stdinOnce: true });
  const client = await container.attach();
  const reader = await container.attach({ stdout: true });
  const size = 5_000_000;
  await container.start();
  await client.until(/ready\n/);
  client.write(Buffer.concat([Buffer.from("first line\n"), Buffer.alloc(size, "x")]));
  client.end();
  await reader.until(/first line\n/);
  assert.equal((await container.control.status()).clients, 2);
  await reader.until(new RegExp(`${size}\n`));
  await container.finished();
});

/** As many bytes as the second argument says, from a generator that others can follow. */
const producer = 'for my $i (0..$ARGV[0]/64-1) { printf "%063d\\n", $i }';

function expected(bytes: number): string {
  const hash = createHash("sha256");
  for (let index = 0; index < bytes / 64; index += 1) hash.update(`${String(index).padStart(63, "0")}\n`);
  return hash.digest("hex");
}

test("a slow client gets everything although it is slower than the container", { skip }, async () => {
  await using place = await temporaryDirectory();
  const size = 64 * 1024 * 1024;
  await using container = await createContainer(place.path, "", {
    args: ["/usr/bin/perl", "-e", producer, `${size}`],
  });
  const slow = await container.attach({ stdout: true, patience: 60_000 });
  const fast = await container.attach({ stdout: true });
  await container.start();
  for (let pause = 0; pause < 20; pause += 1) {
    slow.pause();
    await new Promise((resolve) => setTimeout(resolve, 30));
    slow.resume();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(exitCodeOf(await container.finished()), 0);
  for (const client of [slow, fast]) {
    assert.equal(await client.closed, size);
    assert.equal(createHash("sha256").update(client.text()).digest("hex"), expected(size));
  }
});

test("a client that takes nothing is dropped and the container goes on", { skip }, async () => {
  await using place = await temporaryDirectory();
  const size = 16 * 1024 * 1024;
  for (const patience of [0, 200]) {
    await using container = await createContainer(place.path, "", {
      args: ["/usr/bin/perl", "-e", producer, `${size}`],
    });
    const stalled = await container.attach({ stdout: true, patience });
    const other = await container.attach({ stdout: true });
    stalled.pause();
    await container.start();
    assert.equal(exitCodeOf(await container.ended()), 0);
    assert.equal(await other.closed, size);
    stalled.resume();
    assert.ok((await stalled.closed) < size);
  }
});

test("the end of the container cuts nothing off for a client that is late", { skip }, async () => {
  await using place = await temporaryDirectory();
  const sizes = Array.from({ length: 12 }, (_, index) => 1024 * 1024 + index * 32 * 1024);
  await Promise.all(
    sizes.map(async (size) => {
      const parent = `${place.path}/${size}`;
      await mkdir(parent);
      const log = { format: "cri", path: `${parent}/log` } as const;
      await using container = await createContainer(parent, "", {
        args: ["/usr/bin/perl", "-e", producer, `${size}`],
        log,
      });
      const late = await container.attach({ stdout: true, patience: 60_000 });
      late.pause();
      await container.start();
      await new Promise((resolve) => setTimeout(resolve, 3000));
      late.resume();
      await container.finished();
      assert.equal(await late.closed, size);
      assert.equal((await readFile(log.path, "utf8")).split("\n").length - 1, size / 64);
    }),
  );
});

test("endless patience holds the container until the client goes", { skip }, async () => {
  await using place = await temporaryDirectory();
  await using container = await createContainer(place.path, "", {
    args: ["/usr/bin/perl", "-e", producer, `${16 * 1024 * 1024}`],
  });
  const stalled = await container.attach({ stdout: true, patience: Number.POSITIVE_INFINITY });
  stalled.pause();
  await container.start();
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal((await container.control.status()).exited, false);
  stalled.destroy();
  assert.equal(exitCodeOf(await container.finished()), 0);
});

test("a connection that talks nonsense is closed", { skip }, async () => {
  await using place = await temporaryDirectory();
  await using container = await startContainer(place.path, "exec sleep 1000");
  for (const bytes of ["GET / HTTP/1.1\r\nHost: x\r\n", "tugA\x63\x00\x07\x00\0\0\0\0\0\0\0\0", "short"]) {
    const socket = connect(`${container.directory}/attach`);
    socket.on("error", () => undefined);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.end(bytes, "latin1");
    socket.resume();
    await closed;
  }
  assert.equal((await container.control.status()).clients, 0);
});

test("detaching all lets them have what is queued", { skip }, async () => {
  await using place = await temporaryDirectory();
  await using container = await startContainer(place.path, "echo queued; exec sleep 1000");
  const client = await attachClient(container.directory);
  await container.control.detachAll();
  await client.closed;
  assert.equal((await container.control.status()).exited, false);
});

test("no more than 64 clients at once", { skip }, async () => {
  await using place = await temporaryDirectory();
  await using container = await startContainer(place.path, "exec cat", { openStdin: true });
  const clients = await Promise.all(Array.from({ length: 64 }, () => container.attach()));
  await assert.rejects(container.attach(), { code: "HELPER_MONITOR_LOST" });
  clients[0]?.write("to all\n");
  await Promise.all(clients.map((client) => client.until(/to all\n/)));
});
