import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { connect } from "../api/docker/client/index.ts";

const root = resolve(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const index = read("src/library/index.ts");
const exported = new Set(index.match(/\b[A-Za-z]+\b/g));

test("every type of a call can be named by whoever calls", () => {
  const directory = "src/api/docker/client";
  const names = new Set(read(`${directory}/index.ts`).match(/\b[A-Z][A-Za-z]+(?=,|\s*\})/g));
  for (const file of readdirSync(join(root, directory))) {
    if (!/-calls\.ts$/.test(file)) continue;
    const types = read(`${directory}/${file}`).split(/^export function /m)[0] ?? "";
    for (const [, name = ""] of types.matchAll(/\bdockerApi\.([A-Z]\w+)/g)) names.add(name);
  }
  assert.ok(names.size > 50, String([...names]));
  assert.deepEqual(
    [...names].filter((name) => !exported.has(name)),
    [],
  );
});

test("the page lists every call", () => {
  const page = read("docs/library.md");
  const client = connect({ socket: "/nonexistent" });
  for (const [part, calls] of Object.entries(client)) {
    const [, listed] = new RegExp(`^\\| \`${part}\` \\| (.*) \\|$`, "m").exec(page) ?? [];
    assert.ok(listed !== undefined, part);
    const names = Object.entries(calls).flatMap(([name, call]) =>
      typeof call === "function" ? [name] : [name, ...Object.keys(call as object)],
    );
    const words = listed.replace(/\band\b/, "").match(/\w+/g) ?? [];
    assert.deepEqual(words.toSorted(), names.toSorted(), part);
  }
});
