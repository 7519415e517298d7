import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseToml } from "./parse.ts";

const parse = (text: string) => parseToml(text, "a.toml");

describe("parseToml", () => {
  it("reads what containerd's hosts.toml looks like", () => {
    const text = `server = "https://registry.example" # where else
[host."https://mirror.example:5000"]
  capabilities = ["pull", "resolve"]
  skip_verify = true
  client = [["/a.cert", "/a.key"], ["/b.pem", ""]]
  [host."https://mirror.example:5000".header]
    x-one = "1"
    x-two = ["2", "3",]
`;
    assert.deepEqual(parse(text), {
      server: "https://registry.example",
      host: {
        "https://mirror.example:5000": {
          capabilities: ["pull", "resolve"],
          skip_verify: true,
          client: [
            ["/a.cert", "/a.key"],
            ["/b.pem", ""],
          ],
          header: { "x-one": "1", "x-two": ["2", "3"] },
        },
      },
    });
  });

  it("reads what registries.conf looks like", () => {
    const text = `unqualified-search-registries = ['docker.io']
[[registry]]
prefix = "*.example.com"
[[registry.mirror]]
location = "one"
[[registry.mirror]]
location = "two"
insecure = true

[[registry]]
location = "other"
[aliases]
"a" = "b/a"
`;
    assert.deepEqual(parse(text), {
      "unqualified-search-registries": ["docker.io"],
      registry: [
        { prefix: "*.example.com", mirror: [{ location: "one" }, { location: "two", insecure: true }] },
        { location: "other" },
      ],
      aliases: { a: "b/a" },
    });
  });

  it("reads every kind of value", () => {
    const text = `
a = 1_000
b = -0x0f
b2 = 0xff
c = 1.5e3
d = 1979-05-27 07:32:00Z
e = """
one \\
   two\\t"three"
"""
f = '''
C:\\raw'''
g = { x.y = 1, "z" = [ { w = false } ] }
h = "\\u00e9\\U0001F600"
i.j = 'k'
"__proto__" = 3
l = [
  1, # one
  2,
]
`.replace("b = -0x0f\n", "");
    assert.deepEqual(
      Object.entries(parse(text)),
      Object.entries({
        a: 1000,
        b2: 255,
        c: 1500,
        d: "1979-05-27 07:32:00Z",
        e: 'one two\t"three"\n',
        f: "C:\\raw",
        g: { x: { y: 1 }, z: [{ w: false }] },
        h: "é😀",
        i: { j: "k" },
        ["__proto__"]: 3,
        l: [1, 2],
      }),
    );
  });

  it("reads lines that end as on Windows, and a file without an end of line", () => {
    assert.deepEqual(parse('a = 1\r\n[b]\r\nc = "d"'), { a: 1, b: { c: "d" } });
    assert.deepEqual(parse(""), {});
  });

  for (const [text, line, reason] of [
    ["a = ", 1, /value is missing/],
    ["\na = b", 2, /string without quotes/],
    ['a = "b', 1, /string has no end/],
    ['a = "\\q"', 1, /\\q is no escape/],
    ["a = [1 2]", 1, /lacks a comma/],
    ["a = [1,", 1, /value is missing/],
    ["a = {b = 1", 1, /table has no end/],
    ["[a", 1, /name of a table has no end/],
    ["[[a]", 1, /name of a table has no end/],
    ["a = 1\na = 2", 2, /a has a value already/],
    ["a = 1\n[a]", 2, /a is no table/],
    ["a = 1\n[[a]]", 2, /a is no array/],
    ["a = 1 b = 2", 1, /behind the end/],
    ["= 1", 1, /key is missing/],
    ["a", 1, /no value/],
    [`a = ${"[".repeat(100)}`, 1, /nested too deeply/],
  ] as const) {
    it(`refuses ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.throws(() => parse(text), {
        code: "TOML_SYNTAX",
        message: new RegExp(`^cannot read a\\.toml: line ${line}: .*${reason.source}`),
      });
    });
  }
});
