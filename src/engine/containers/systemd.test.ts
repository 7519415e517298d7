import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseCgroup, parseMountinfo } from "../../host/index.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import { unifiedFacts } from "../testing/facts.ts";
import { plainRequest } from "../testing/request.ts";
import { checkSystemdUser, withSystemd } from "./systemd.ts";

const image = { defaults: { Cmd: ["/sbin/init"] } };

function settle(change: Partial<CreateContainerRequest>, of: Parameters<typeof withSystemd>[1] = image) {
  return withSystemd(plainRequest({ command: undefined, ...change }), of, unifiedFacts);
}

describe("whether systemd boots in a container", () => {
  test("not unless it was asked for", () => {
    const { systemd, stopSignal } = settle({});
    assert.deepEqual([systemd, stopSignal], [undefined, undefined]);
  });

  test("true looks at the command, which the image may name; always does not", () => {
    const outcome = (change: Partial<CreateContainerRequest>) => settle(change).systemd;
    assert.equal(outcome({ systemd: "true" }), "always");
    assert.equal(
      outcome({ systemd: "true", command: ["/usr/lib/systemd/systemd", "--log-level=info"] }),
      "always",
    );
    assert.equal(outcome({ systemd: "true", command: ["systemd"] }), "always");
    assert.equal(outcome({ systemd: "true", command: ["/bin/init"] }), undefined);
    assert.equal(outcome({ systemd: "true", command: ["sh", "-c", "/sbin/init"] }), undefined);
    assert.equal(outcome({ systemd: "always", command: ["/start.sh"] }), "always");
  });

  test("it is stopped by the signal that halts it, unless somebody named another", () => {
    assert.equal(settle({ systemd: "always" }).stopSignal, "SIGRTMIN+3");
    assert.equal(settle({ systemd: "always" }, { ...image, stopSignal: "SIGPWR" }).stopSignal, "SIGPWR");
    assert.equal(settle({ systemd: "always", stopSignal: "SIGINT" }).stopSignal, "SIGINT");
    assert.equal(settle({ systemd: "true", command: ["sh"] }).stopSignal, undefined);
  });

  const refused: [string, Partial<CreateContainerRequest>, RegExp][] = [
    ["another init", { init: true }, /systemd is process 1 itself/],
    ["the machine's processes", { namespaces: { pid: { mode: "host" } } }, /a process namespace of its own/],
    ["the machine's groups", { namespaces: { cgroup: { mode: "host" } } }, /among the machine's own/],
    ["another runtime", { runtime: "crun" }, /runtime crun cannot do that/],
  ];
  for (const [what, change, message] of refused) {
    test(`refused with ${what}`, () => {
      const from = { systemd: "/HostConfig/Systemd" };
      const expected = { code: "ENGINE_REQUEST", message, details: { pointer: "/HostConfig/Systemd" } };
      assert.throws(() => settle({ systemd: "always", from, ...change }), expected);
    });
  }

  test("refused for a user other than root", () => {
    const request = settle({ systemd: "always" });
    checkSystemdUser(request, { uid: 0 });
    assert.throws(() => checkSystemdUser(request, { uid: 33 }), /as root only, and the user is 33/);
    checkSystemdUser(settle({}), { uid: 33 });
  });

  test("refused on a machine that has control groups v1 alone, with what to do", () => {
    const facts = {
      ...unifiedFacts,
      mounts: parseMountinfo("30 23 0:26 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids"),
      groups: parseCgroup("8:pids:/\n0::/\n"),
    };
    assert.throws(() => withSystemd(plainRequest({ systemd: "always" }), image, facts), {
      code: "ENGINE_UNSUPPORTED",
      message: /systemd needs cgroup v2, which is not mounted/,
      hint: /mount -t cgroup2/,
    });
  });
});
