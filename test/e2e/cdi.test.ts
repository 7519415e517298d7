import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { leavesNothing, needsBox, useEngine } from "./harness/index.ts";

describe("tug run --device: devices that files describe (CDI)", { skip: needsBox() }, () => {
  const engine = useEngine(async (instance) => {
    for (const name of ["etc-cdi", "run-cdi"]) await mkdir(join(instance.directory, name));
    Object.assign(instance.env, {
      TUG_CDI_SPEC_DIRS: `${join(instance.directory, "etc-cdi")}:${join(instance.directory, "run-cdi")}`,
    });
    await writeFile(join(instance.directory, "driver.txt"), "driver 1\n");
    const path = join(instance.directory, "hook.sh");
    await writeFile(path, `#!/bin/sh\ncat > ${join(instance.directory, "hook.json")}\n`, { mode: 0o755 });
    const bind = (source: string, containerPath: string) => ({
      hostPath: join(instance.directory, source),
      containerPath,
      options: ["ro", "nosuid", "nodev", "bind"],
    });
    const node = (path: string, hostPath: string) => ({ path, hostPath });
    const spec = {
      cdiVersion: "0.7.0",
      kind: "vendor.com/thing",
      containerEdits: {
        env: ["VENDOR=everywhere", "WHICH=none"],
        mounts: [bind("driver.txt", "/usr/lib/vendor/driver.txt")],
        hooks: [{ hookName: "createRuntime", path, args: ["hook.sh"] }],
      },
      devices: [
        {
          name: "drain",
          containerEdits: {
            env: ["WHICH=drain"],
            deviceNodes: [{ ...node("/dev/vendor/drain", "/dev/null"), fileMode: 0o640, uid: 7, gid: 8 }],
            additionalGids: [4242],
          },
        },
        {
          name: "source",
          containerEdits: { deviceNodes: [{ ...node("/dev/source", "/dev/zero"), permissions: "r" }] },
        },
        { name: "gone", containerEdits: { deviceNodes: [node("/dev/gone", "/dev/absent-thing")] } },
        { name: "hollow", containerEdits: { mounts: [bind("absent", "/hollow")] } },
      ],
    };
    await writeFile(join(instance.directory, "etc-cdi/vendor.json"), JSON.stringify(spec));
  });
  const drain = ["--device", "vendor.com/thing=drain"];

  test("nodes, variables, mounts, groups and a hook, as seen from inside", async () => {
    const script =
      "stat -c '%F %a %u %g %t:%T' /dev/vendor/drain; echo x > /dev/vendor/drain && echo written; echo $VENDOR $WHICH; cat /usr/lib/vendor/driver.txt; id -G";
    assert.deepEqual((await engine.sh(drain, script)).split("\n"), [
      "character special file 640 7 8 1:3",
      "written",
      "everywhere drain",
      "driver 1",
      "0 4242",
    ]);
    const state = JSON.parse(await readFile(join(engine.directory, "hook.json"), "utf8")) as {
      status: string;
    };
    assert.equal(state.status, "creating");
  });

  test("several devices, with the edits of their file once, beside one of the host; a user owns what has no owner", async () => {
    const options = [
      ...drain,
      "--device",
      "vendor.com/thing=source",
      "--device",
      "/dev/null:/dev/mine",
      "-u",
      "33:34",
    ];
    const script =
      "stat -c '%u %g' /dev/source; head -c 3 /dev/source | wc -c; ls /dev/mine; grep -c driver.txt /proc/self/mountinfo";
    assert.deepEqual((await engine.sh(options, script)).split("\n"), ["33 34", "3", "/dev/mine", "1"]);
    assert.equal(
      await engine.sh(["--privileged", ...drain], "ls /dev/vendor /dev/full"),
      "/dev/full\n\n/dev/vendor:\ndrain",
    );
  });

  test("what the files say at the start counts, and inspect shows what was asked for", async () => {
    const file = join(engine.directory, "run-cdi/changing.yaml");
    const write = (value: string) =>
      writeFile(
        file,
        `cdiVersion: 0.3.0\nkind: vendor.com/changing\ndevices:\n- name: a\n  containerEdits:\n    env:\n    - VERSION=${value}\n`,
      );
    await write("first");
    await engine.ok([
      "create",
      "--name",
      "changing",
      "--device",
      "vendor.com/changing=a",
      "box",
      "sh",
      "-c",
      "echo $VERSION",
    ]);
    await write("second");
    assert.equal(await engine.ok(["start", "-a", "changing"]), "second\n");
    const requests = await engine.ok(["inspect", "-f", "{{json .HostConfig.DeviceRequests}}", "changing"]);
    assert.match(requests, /"Driver":"cdi".*"DeviceIDs":\["vendor\.com\/changing=a"\]/);
    await engine.ok(["rm", "changing"]);
    const info = await engine.ok(["info"]);
    assert.match(info, /vendor\.com\/changing=a, vendor\.com\/thing=drain/);
  });

  test("--gpus asks for devices of nvidia.com/gpu", async () => {
    const names = ["0", "1", "all", "GPU-5f"];
    const devices = names.map((name) => ({ name, containerEdits: { env: [`GPU_${name.slice(0, 3)}=1`] } }));
    const spec = { cdiVersion: "0.5.0", kind: "nvidia.com/gpu", devices };
    await writeFile(join(engine.directory, "run-cdi/gpus.json"), JSON.stringify(spec));
    const found = (gpus: string) => engine.sh(["--gpus", gpus], "env | grep ^GPU_ | sort | xargs");
    assert.equal(await found("all"), "GPU_all=1");
    assert.equal(await found("2"), "GPU_0=1 GPU_1=1");
    assert.equal(await found('"device=1,GPU-5f"'), "GPU_1=1 GPU_GPU=1");
    const { code, stderr } = await engine.tug(["run", "--rm", "--gpus", "3", "box", "true"]);
    assert.equal(code, 125);
    assert.match(stderr, /cannot add device nvidia\.com\/gpu=2: [\s\S]*nvidia\.com\/gpu=all/);
  });

  test("what cannot be had is refused with a sentence, and leaves nothing", async () => {
    const refusals: [device: string, sentence: RegExp][] = [
      [
        "vendor.com/thing=absent",
        /^tug: cannot add device vendor\.com\/thing=absent: no file in .*etc-cdi or .*run-cdi describes it[\s\S]*vendor\.com\/thing=drain/,
      ],
      [
        "vendor.com/thing=gone",
        /^tug: cannot add device vendor\.com\/thing=gone \(.*vendor\.json#\/devices\/2\/containerEdits\/deviceNodes\/0\): \/dev\/absent-thing: no such file/,
      ],
      ["vendor.com/thing=hollow", /vendor\.json#\/devices\/3\/containerEdits\/mounts\/0/],
    ];
    await leavesNothing(engine, async () => {
      for (const [device, sentence] of refusals) {
        const { code, stderr } = await engine.tug(["run", "--rm", "--device", device, "box", "true"]);
        assert.notEqual(code, 0, device);
        assert.match(stderr, sentence);
      }
    });
  });
});
