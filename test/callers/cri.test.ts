import assert from "node:assert/strict";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { boxImage, needsBox } from "../e2e/harness/index.ts";
import { ociArchive } from "../environment/index.ts";
import {
  type Containerd,
  type CriClient,
  connectCri,
  type Decoded,
  decode,
  type Fields,
  needsContainerd,
  type OciRuntime,
  onOwnMachine,
  program,
  residentRuntime,
  startContainerd,
  until,
} from "./harness/index.ts";

const BOX = "docker.io/library/box:latest";
const PAUSE = "docker.io/library/pause:latest";

/** Values of NamespaceMode, and of ContainerState. */
const [CONTAINER, NODE] = [1, 2];
const [RUNNING, EXITED] = [1n, 2n];

onOwnMachine(import.meta.filename, needsBox() || needsContainerd(), () => {
  describe("containerd's CRI", declare);
});

function declare(): void {
  let directory: string;
  let runtime: OciRuntime;
  let containerd: Containerd;
  let cri: CriClient;
  let pod: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "t-"));
    runtime = await residentRuntime();
    containerd = await startContainerd(directory, { env: runtime.env, plugins: settings() });
    const archive = join(directory, "images.tar");
    const pause = boxImage({ config: { Cmd: ["sleep", "100000"] } });
    await writeFile(archive, ociArchive({ [BOX]: boxImage(), [PAUSE]: pause }));
    await containerd.ctr.ok(["--namespace", "k8s.io", "images", "import", archive]);
    cri = connectCri(containerd.socket);
    pod = await until("there is a pod", () =>
      cri.call("RunPodSandbox", { 1: sandbox, 2: "tug" }).then((answer) => text(answer, 1)),
    );
  });
  after(async () => {
    cri?.[Symbol.dispose]();
    await containerd?.[Symbol.asyncDispose]();
    await runtime?.[Symbol.asyncDispose]();
  });

  const settings = (): string => {
    const plugin = 'plugins."io.containerd.grpc.v1.cri"';
    return `[${plugin}]
sandbox_image = "${PAUSE}"
restrict_oom_score_adj = true
disable_apparmor = true
netns_mounts_under_state_dir = true
stream_server_address = "127.0.0.1"
[${plugin}.cni]
conf_dir = "${directory}/cni"
bin_dir = "${directory}/cni"
[${plugin}.containerd]
default_runtime_name = "tug"
[${plugin}.containerd.runtimes.tug]
runtime_type = "io.containerd.runc.v2"
options.BinaryName = "${runtime.path}"
`;
  };
  const sandbox: Fields = {
    1: { 1: "pod", 2: "uid", 3: "default", 4: 0 },
    3: "/run/logs",
    8: { 1: "/kubepods", 2: { 1: { 1: NODE } } },
  };
  const makeContainer = async (
    name: string,
    command: readonly string[],
    more: Fields = {},
  ): Promise<string> => {
    const config = { 1: { 1: name }, 2: { 1: BOX }, 3: command, 11: `${name}.log`, ...more };
    const id = text(await cri.call("CreateContainer", { 1: pod, 2: config, 3: sandbox }), 1);
    await cri.call("StartContainer", { 1: id });
    return id;
  };
  const statusOf = async (id: string): Promise<Decoded> =>
    decode(bytes(await cri.call("ContainerStatus", { 1: id }), 1));
  const execSync = async (id: string, ...words: string[]) => {
    const answer = await cri.call("ExecSync", { 1: id, 2: words, 3: 10 });
    return { stdout: text(answer, 1), stderr: text(answer, 2), code: Number(answer.get(3)?.[0] ?? 0n) };
  };

  test("a container runs, writes its log and ends with its exit code", async () => {
    const id = await makeContainer("once", ["sh", "-c", "echo out; echo err >&2; exit 5"]);
    await until("it has ended", async () => (await statusOf(id)).get(3)?.[0] === EXITED);
    assert.equal((await statusOf(id)).get(7)?.[0], 5n);
    const log = await readFile("/run/logs/once.log", "utf8");
    assert.match(log, /^\S+ stdout F out$/m);
    assert.match(log, /^\S+ stderr F err$/m);
    await cri.call("RemoveContainer", { 1: id });
  });

  test("exec, stats, update, stop, remove", async () => {
    const resources = { 2: 50_000, 1: 100_000, 4: 64 << 20 };
    const id = await makeContainer("busy", ["sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.05; done"], {
      15: { 1: resources, 2: { 5: { 1: 1000 }, 7: true, 11: true } },
    });
    assert.equal((await statusOf(id)).get(3)?.[0], RUNNING);
    const script = "id -u; echo bad >&2; touch /x; grep NoNewPrivs /proc/self/status; exit 7";
    const { code, stdout, stderr } = await execSync(id, "sh", "-c", script);
    assert.deepEqual([code, stdout], [7, "1000\nNoNewPrivs:\t1\n"]);
    assert.match(stderr, /^bad\ntouch: \/x: Read-only file system/);
    const stats = decode(bytes(await cri.call("ContainerStats", { 1: id }), 1));
    const memory = decode(bytes(decode(bytes(stats, 3)), 2)).get(1)?.[0];
    assert.ok(typeof memory === "bigint" && memory > 0n);
    await cri.call("UpdateContainerResources", { 1: id, 2: { 4: 32 << 20 } });
    const limit = "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null";
    assert.equal((await execSync(id, "sh", "-c", limit)).stdout, `${32 << 20}\n`);
    await cri.call("StopContainer", { 1: id, 2: 10 });
    assert.equal((await statusOf(id)).get(7)?.[0], 3n);
    await cri.call("RemoveContainer", { 1: id });
    await assert.rejects(cri.call("ContainerStatus", { 1: id }), /not found/);
  });

  test("containers of a pod share its namespaces", async () => {
    const own = { 15: { 2: { 3: { 1: NODE, 2: CONTAINER } } } };
    const ids = [
      await makeContainer("first", ["sleep", "1000"]),
      await makeContainer("second", ["sleep", "1000"]),
      await makeContainer("third", ["sleep", "1000"], own),
    ];
    const seen = async (name: string): Promise<string[]> =>
      Promise.all(ids.map(async (id) => (await execSync(id, "readlink", `/proc/self/ns/${name}`)).stdout));
    assert.equal(new Set(await seen("ipc")).size, 1);
    const [first, second, third] = await seen("pid");
    assert.equal(first, second);
    assert.notEqual(first, third, "unless they ask for their own");
  });

  test("a program that is not there", async () => {
    await assert.rejects(
      makeContainer("missing", ["no-such-program"]),
      /executable file not found in \$PATH/,
    );
  });

  test("a pod is stopped and removed with all that is in it", async () => {
    const oci = program([runtime.path, "--root", "/run/containerd/runc/k8s.io"], { env: runtime.env });
    assert.notEqual(await oci.ok(["list", "--quiet"]), "");
    await cri.call("StopPodSandbox", { 1: pod });
    await cri.call("RemovePodSandbox", { 1: pod });
    assert.equal(await oci.ok(["list", "--quiet"]), "");
  });
}

function bytes(message: Decoded, field: number): Buffer {
  const [value] = message.get(field) ?? [];
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

function text(message: Decoded, field: number): string {
  return bytes(message, field).toString();
}
