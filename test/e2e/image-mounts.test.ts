import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { buildImage, type TarEntry } from "../environment/index.ts";
import { leavesNothing, needsBox, needsNobody, tugAsNobody, useEngine } from "./harness/index.ts";

const below: TarEntry[] = [
  { path: "share/text", content: "below" },
  { path: "share/hidden", content: "removed by the layer above" },
  { path: "share/deep/file", content: "deep" },
  { path: "inside", type: "symlink", target: "share/deep" },
  { path: "absolute", type: "symlink", target: "/share" },
  { path: "up", type: "symlink", target: "../../../../../../etc" },
  { path: "round", type: "symlink", target: "round" },
];
const above: TarEntry[] = [
  { path: "share/text", content: "above" },
  { path: "share/.wh.hidden" },
  { path: "tool", content: "#!/bin/sh\necho from the tool\n", mode: 0o755 },
];

const tools = () => buildImage({ layers: [{ entries: below }, { entries: above }] });
const single = () => buildImage({ layers: [{ entries: below }] });

describe("image mounts", { skip: needsBox() }, () => {
  // Layers are files here, and archives elsewhere, where the kernel can.
  const engine = useEngine(undefined, { snapshotter: "overlay" });
  const at = (target: string, more = "", image = "tools") => [
    "--mount",
    `type=image,source=${image},target=${target}${more}`,
  ];
  /** What a command that must fail says. */
  const refusal = async (...words: string[]): Promise<string> => {
    const { code, stderr } = await engine.tug(words);
    assert.notEqual(code, 0, words.join(" "));
    return stderr;
  };
  const load = () => engine.load({ "tools:latest": tools(), "single:latest": single() });

  before(async () => {
    // Who is not root looks at the images too.
    chmodSync(engine.directory, 0o755);
    await load();
  });

  test("all layers of an image are seen as one, and nothing can be written", async () => {
    const look = "cat /x/share/text; echo; ls /x/share; /x/tool; touch /x/new || true; rm /x/tool || true";
    const { stdout, stderr } = await engine.tug(["run", "--rm", ...at("/x"), "box", "sh", "-c", look]);
    assert.equal(stdout, "above\ndeep\ntext\nfrom the tool\n");
    assert.equal(stderr.match(/Read-only file system/g)?.length, 2, stderr);
    assert.equal(
      await engine.sh(at("/x", "", "single"), "ls /x/share; touch /x/a 2>&1 || true"),
      ["deep", "hidden", "text", "touch: /x/a: Read-only file system"].join("\n"),
    );
  });

  test("a privileged container cannot write either, and the image stays as it is", async () => {
    const script = "mount -o remount,rw,bind /x; mount -o remount,rw /x; touch /x/new || echo refused";
    for (const image of ["tools", "single"]) {
      assert.match(await engine.sh(["--privileged", ...at("/x", "", image)], `(${script}) 2>&1`), /refused$/);
      assert.doesNotMatch(await engine.sh(at("/x", "", image), "ls /x"), /new/);
    }
  });

  test("a directory of it alone, also by links; none leads out", async () => {
    const list = async (path: string, image: string) =>
      await engine.sh(
        at("/x", `,image-subpath=${path}`, image),
        "echo $(ls /x); grep -c ' /x ' /proc/mounts",
      );
    for (const image of ["tools", "single"]) {
      assert.equal(await list("share/deep", image), "file\n1");
      assert.equal(await list("inside", image), "file\n1");
      assert.match(await list("absolute", image), /^deep .*text\n1$/);
      assert.match(await list("./share/../share/", image), /^deep .*text\n1$/);
      const up = await refusal("create", ...at("/x", ",image-subpath=up", image), "box");
      assert.match(up, /cannot mount image \w+ on \/x \(--mount\): "up" is not in it/);
    }
    const script = "touch /x/new 2>&1; cat /x/../x/file";
    assert.equal(
      await engine.sh(at("/x", ",image-subpath=inside"), script),
      "touch: /x/new: Read-only file system\ndeep",
    );
  });

  test("mounts above and below each other, and several of one image", async () => {
    const options = [...at("/x/y/z", ",image-subpath=share"), "--tmpfs", "/x", ...at("/w")];
    assert.equal(
      await engine.sh(options, "touch /x/own; ls /x /x/y/z /w/share/deep"),
      ["/w/share/deep:", "file", "", "/x:", "own", "y", "", "/x/y/z:", "deep", "text"].join("\n"),
    );
  });

  test("what makes no sense is refused with a sentence", async () => {
    const cases: [string, RegExp][] = [
      [
        "type=image,source=absent,target=/x",
        /cannot mount image absent on \/x .*: there is no such image\n.*tug pull absent/,
      ],
      ["type=image,source=@host,target=/x", /cannot mount image @host on \/x .*: it is no image/],
      ["type=image,target=/x", /an image mount needs a source/],
      ["type=image,source=tools,target=/x,rw", /an image can only be mounted read-only/],
      ["type=image,source=tools,target=/x,readonly=false", /an image can only be mounted read-only/],
      ["type=image,source=tools,target=/x,volume-nocopy", /volume-\* options do not go with type "image"/],
      ["type=bind,source=/,target=/x,image-subpath=a", /image-\* options do not go with type "bind"/],
      ["type=image,source=tools,target=/x,image-subpath=/etc", /the subpath must be relative, not "\/etc"/],
      [
        "type=image,source=tools,target=/x,image-subpath=a/../../b",
        /the subpath "a\/\.\.\/\.\.\/b" leads out/,
      ],
      ["type=image,source=tools,target=/x,image-subpath=share/none", /: "share\/none" is not in it/],
      ["type=image,source=tools,target=/x,image-subpath=tool", /: "tool" is no directory in it/],
      ["type=image,source=tools,target=/x,image-subpath=round", /: "round" leads in circles/],
    ];
    await leavesNothing(engine, async () => {
      for (const [mount, sentence] of cases)
        assert.match(await refusal("create", "--mount", mount, "box"), sentence);
    });
  });

  test("an image stays while a container has it mounted, running or not, and goes after that", async () => {
    await engine.load({
      "kept:latest": buildImage({ layers: [{ entries: [{ path: "f", content: "1" }] }] }),
    });
    await engine.ok(["run", "-d", "--name", "user", ...at("/x", "", "kept"), "box", "sleep", "1000"]);
    assert.match(await refusal("rmi", "kept"), /the running container [0-9a-f]{12} uses it/);
    await engine.stopEngine("SIGKILL");
    assert.equal(await engine.ok(["exec", "user", "cat", "/x/f"]), "1");
    await engine.ok(["stop", "-t", "0", "user"]);
    assert.match(await refusal("rmi", "kept"), /the stopped container [0-9a-f]{12} uses it/);
    assert.doesNotMatch(await engine.ok(["image", "prune", "--all", "--force"]), /kept/);
    // The name goes by force, and what the container needs of the image stays.
    await engine.ok(["rmi", "--force", "kept"]);
    await engine.stopEngine("SIGTERM");
    await engine.ok(["start", "user"]);
    assert.equal(await engine.ok(["exec", "user", "cat", "/x/f"]), "1");
    await engine.ok(["rm", "-f", "user"]);
    assert.match(await refusal("create", ...at("/x", "", "kept"), "box"), /there is no such image/);
    await load();
    await engine.ok(["create", "--name", "other", ...at("/x"), "box"]);
    await engine.ok(["rm", "other"]);
    assert.match(await engine.ok(["rmi", "tools"]), /Deleted: sha256:/);
    await load();
  });

  test("another image under the name is another matter: the container has the one it was made with", async () => {
    const one = (content: string) => buildImage({ layers: [{ entries: [{ path: "f", content }] }] });
    await engine.load({ "moving:latest": one("old") });
    await engine.ok(["create", "--name", "mover", ...at("/x", "", "moving"), "box", "cat", "/x/f"]);
    await engine.load({ "moving:latest": one("new") });
    assert.equal(await engine.ok(["start", "--attach", "mover"]), "old");
    assert.equal(await engine.sh(at("/x", "", "moving"), "cat /x/f"), "new");
    await engine.ok(["rm", "mover"]);
  });

  test("inspect, cp and a volume's subpath", async () => {
    await engine.ok(["create", "--name", "shown", ...at("/x", ",image-subpath=share"), "box"]);
    const [shown] = JSON.parse(await engine.ok(["inspect", "shown"]));
    assert.deepEqual(shown.Mounts, [
      { Type: "image", Source: "tools", Destination: "/x", Mode: "ro", RW: false, Propagation: "" },
    ]);
    const [asked] = shown.HostConfig.Mounts;
    assert.deepEqual(
      [asked.Type, asked.Source, asked.ImageOptions],
      ["image", "tools", { Subpath: "share" }],
    );
    const copy = join(engine.directory, "copy");
    await engine.ok(["cp", "shown:/x/text", copy]);
    const local = join(engine.directory, "local");
    await writeFile(local, "x");
    assert.match(await refusal("cp", local, "shown:/x/text"), /[Rr]ead-only/);
    await engine.ok(["rm", "shown"]);
  });

  test("a link in a volume leads a subpath nowhere outside of it", async () => {
    await engine.sh(
      ["-v", "linked:/v"],
      "mkdir /v/a; echo own > /v/a/f; ln -s a /v/in; ln -s ../../../../../../etc /v/out",
    );
    const mount = (path: string) => ["--mount", `type=volume,source=linked,target=/x,volume-subpath=${path}`];
    assert.equal(await engine.sh(mount("in"), "cat /x/f; echo more > /x/g; ls /x"), "own\nf\ng");
    const file = ["--mount", "type=volume,source=linked,target=/etc/passwd,volume-subpath=in/f"];
    assert.equal(await engine.sh(file, "cat /etc/passwd"), "own");
    assert.match(
      await refusal("run", "--rm", ...mount("out"), "box"),
      /cannot mount \/x \(--mount\): its subpath out: no such file or directory/,
    );
  });

  test("explain shows what is executed, with and without an engine", { skip: needsNobody() }, async () => {
    const words = [...at("/x", ",image-subpath=share"), ...at("/y", "", "single"), "box", "true"];
    const explained = await engine.ok(["explain", "run", "--format", "digest", ...words]);
    await engine.ok(["run", "--name", "planned", ...words]);
    const executed = await engine.ok(["inspect", "--format", "{{.PlanDigest}}", "planned"]);
    const alone = await tugAsNobody(["explain", "run", "--format", "digest", ...words], { env: engine.env });
    assert.deepEqual([explained, alone.stdout], [executed, executed], alone.stderr);
    await engine.ok(["rm", "planned"]);
  });
});
