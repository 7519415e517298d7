import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  differs,
  groupFile,
  groupOf,
  lacksController,
  ordinaryUser,
  plainNamespaces,
  skip,
  succeeded,
  until,
} from "./harness/index.ts";
import { ownedContainer } from "./harness/owned-container.ts";

/** A control group that was handed over to a user, and what puts a process into it. */
type Delegated = AsyncDisposable & { readonly path: string; readonly enter: readonly string[] };

/** The files by which a group is handed over. Source: https://docs.kernel.org/admin-guide/cgroup-v2.html#delegation */
const files = ["cgroup.procs", "tasks", "cgroup.subtree_control", "cgroup.threads"];

function delegate(user: number): Delegated {
  const own = groupOf("self", "pids");
  assert.ok(own);
  const path = join(own.mount, `tug-test-delegated-${process.pid}`);
  mkdirSync(path);
  const give = (group: string) => {
    const given = files.map((name) => join(group, name)).filter((file) => existsSync(file));
    execFileSync("chown", [String(user), group, ...given]);
  };
  // On v2 a group that hands controllers on has no processes of its own.
  const caller = own.version === 2 ? join(path, "caller") : path;
  if (own.version === 2) {
    writeFileSync(join(own.mount, "cgroup.subtree_control"), "+pids");
    mkdirSync(caller);
    give(caller);
  }
  give(path);
  const script = 'echo $$ >"$0" && exec "$@"';
  return {
    path,
    enter: ["sh", "-c", script, join(caller, "cgroup.procs")],
    async [Symbol.asyncDispose]() {
      for (const group of new Set([caller, path])) {
        await until("the group is empty", () => readFileSync(join(group, "cgroup.procs"), "utf8") === "");
        rmdirSync(group);
      }
    },
  };
}

test("a caller without privileges uses the control group that was handed over", {
  skip:
    skip ||
    lacksController("pids") ||
    differs({
      runc: "1.1 finds processes in the hierarchy of devices alone",
      crun: "does not run beside both versions",
    }),
}, async () => {
  await using user = await ordinaryUser();
  await using delegated = delegate(user.id);
  const own = [{ containerID: 0, hostID: user.id, size: 1 }];
  await using each = await ownedContainer(user, {
    args: ["sleep", "1000"],
    linux: {
      namespaces: [...plainNamespaces, { type: "user" }],
      uidMappings: own,
      gidMappings: own,
      resources: { pids: { limit: 9n }, memory: { limit: -1n } },
    },
  });
  const { made } = each;
  const call = (...args: string[]) => each.callBehind(delegated.enter, ...args);
  succeeded(await call("run", "--detach", made.id));
  const directory = join(delegated.path, made.id);
  const limit = () => groupFile({ version: 1, mount: "", directory }, "pids.max");
  assert.equal(limit(), "9");
  succeeded(await call("exec", "--detach", made.id, "sleep", "1001"));
  const pids = JSON.parse(succeeded(await call("ps", "--format", "json", made.id)).stdout);
  assert.equal(pids.length, 2);
  succeeded(await call("update", "--pids-limit", "12", made.id));
  assert.equal(limit(), "12");
  succeeded(await call("delete", "--force", made.id));
  made.assertNothingLeft();
});
