import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerRecord } from "../containers/record.ts";
import { plainRequest } from "../testing/request.ts";
import { compareConfigurations, describeConfiguration } from "./configuration.ts";

const image: ContainerRecord["image"] = {
  id: `sha256:${"1".repeat(64)}`,
  defaults: { Env: ["PATH=/bin", "MODE=image"], Cmd: ["serve"] },
  architecture: "amd64",
  os: "linux",
  volumes: [],
  labels: {},
  size: 1,
};
const bind = {
  type: "bind",
  target: "/data",
  source: "/srv",
  readOnly: false,
  createSource: false,
  recursive: true,
  readOnlyRecursive: "never",
  from: "",
} as const;

test("what differs is told by name, and of the environment nothing but the name", () => {
  const before = { request: plainRequest({ env: ["TOKEN=secret-1", "OLD=1"], mounts: [bind] }), image };
  const plain = plainRequest();
  const now = {
    request: plainRequest({
      command: ["sh", "-c", "exit 1"],
      env: ["TOKEN=secret-2", "MODE", "NEW=1"],
      mounts: [{ ...bind, readOnly: true }],
      resources: { ...plain.resources, memory: 64 },
    }),
    image: { ...image, id: `sha256:${"2".repeat(64)}` },
  };
  const was = describeConfiguration(before);
  assert.doesNotMatch(JSON.stringify(was), /secret/);
  assert.deepEqual(compareConfigurations(was, describeConfiguration(now, was.salt)), [
    { what: "command", change: "changed", before: "sh", now: "sh -c exit 1" },
    { what: "env MODE", change: "removed" },
    { what: "env NEW", change: "added" },
    { what: "env OLD", change: "removed" },
    { what: "env TOKEN", change: "changed" },
    { what: "image id", change: "changed", before: image.id, now: now.image.id },
    { what: "limit memory", change: "added", before: undefined, now: "64" },
    { what: "mount /data", change: "changed", before: "bind /srv", now: "bind /srv read-only" },
  ]);
  assert.deepEqual(compareConfigurations(was, describeConfiguration(before, was.salt)), []);
});

test("a volume that is made for each container is no difference", () => {
  const of = (name: string) => {
    const mount = { type: "volume", target: "/v", name, readOnly: false, noCopy: false } as const;
    const rest = { labels: {}, driverOptions: {}, from: "" };
    return { request: plainRequest({ mounts: [{ ...mount, ...rest }] }), image };
  };
  const first = describeConfiguration(of("a".repeat(64)));
  const compare = (name: string) => compareConfigurations(first, describeConfiguration(of(name), first.salt));
  assert.deepEqual(compare("b".repeat(64)), []);
  assert.equal(compare("data").length, 1);
});
