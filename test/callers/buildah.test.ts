import assert from "node:assert/strict";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { boxImage, needsBox } from "../e2e/harness/index.ts";
import { dockerArchive } from "../environment/index.ts";
import {
  aloneRuntime,
  needsPodman,
  type OciRuntime,
  onOwnMachine,
  openPodman,
  type Podman,
  type Program,
  program,
} from "./harness/index.ts";

onOwnMachine(import.meta.filename, needsBox() || needsPodman(), () => describe("buildah", declare));

function declare(): void {
  let directory: string;
  let runtime: OciRuntime;
  let programs: Podman;
  let buildah: Program;
  let container: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "t-"));
    runtime = await aloneRuntime(directory);
    programs = await openPodman(directory, runtime);
    buildah = programs.buildah;
    const archive = join(directory, "box.tar");
    await writeFile(archive, dockerArchive({ "box:latest": boxImage({ format: "docker" }) }));
    await buildah.ok(["pull", "--quiet", `docker-archive:${archive}`]);
    container = await buildah.ok(["from", "--pull=never", "localhost/box"]);
  });
  after(() => runtime?.[Symbol.asyncDispose]());

  const run = (options: readonly string[], ...words: readonly string[]): string[] => [
    "run",
    ...["--isolation", "oci", "--runtime", runtime.path, "--network", "none"],
    ...options,
    "--",
    container,
    ...words,
  ];

  test("run: both outputs and the exit code", async () => {
    const { code, stdout, stderr } = await buildah.run(run([], "sh", "-c", "cat; echo bad >&2; exit 7"), {
      input: "typed\n",
    });
    assert.deepEqual([code, stdout], [7, "typed\n"]);
    assert.match(stderr, /^bad\n/);
    const missing = await buildah.run(run([], "no-such-program"));
    assert.match(missing.stderr, /executable file not found in \$PATH/);
  });

  test("run: what the options ask for", async () => {
    const options = ["--user", "1000:50", "--workingdir", "/tmp", "--env", "A=b", "--hostname", "h"];
    const more = [
      "--cap-add",
      "CAP_NET_ADMIN",
      "--volume",
      `${directory}:/h:ro`,
      "--mount",
      "type=tmpfs,dst=/x",
    ];
    const script = "id -u; pwd; echo $A; hostname; touch /h/y; grep -c ' /x ' /proc/mounts";
    const { stdout, stderr } = await buildah.run(run([...options, ...more], "sh", "-c", script));
    assert.equal(stdout, "1000\n/tmp\nb\nh\n1\n");
    assert.match(stderr, /Permission denied|Read-only/);
    assert.equal(await buildah.ok(run(["--tty"], "tty")), "/dev/pts/0\r");
  });

  test("RUN steps of a build", async () => {
    const context = join(directory, "context");
    await mkdir(context);
    await writeFile(
      join(context, "Dockerfile"),
      `FROM localhost/box
RUN echo one >/one && id -u
RUN --mount=type=cache,target=/cache --mount=type=tmpfs,target=/t echo two >/cache/two && cat /one
USER user
RUN --network=none id -u && ls /sys/class/net
`,
    );
    const build = (name: string): string[] => [
      "build",
      "--network",
      "none",
      "--memory",
      "64m",
      "--tag",
      name,
      context,
    ];
    const env = { BUILDAH_RUNTIME: runtime.path, BUILDAH_ISOLATION: "oci" };
    for (const builder of [buildah, programs.podman]) {
      const result = await builder.run(build("built"), { env });
      assert.equal(result.code, 0, result.stderr);
      assert.match(result.stdout, /\n0\n(.*\n)*one\n(.*\n)*1000\nlo\n/);
      await builder.ok(["rmi", "localhost/built"]);
    }
    await writeFile(join(context, "Dockerfile"), "FROM localhost/box\nRUN exit 3\n");
    assert.equal((await buildah.run(build("failed"), { env })).code, 3);
  });

  test("nothing of a container is left", async () => {
    for (const root of ["/run/tug-oci", "/run/runc"]) {
      const oci = program([runtime.path, "--root", root], { env: runtime.env });
      assert.equal(await oci.ok(["list", "--quiet"]), "");
    }
  });
}
