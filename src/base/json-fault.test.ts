import assert from "node:assert/strict";
import { test } from "node:test";
import { findJsonFault } from "./json-fault.ts";

const faults: readonly (readonly [source: string, line: number, column: number])[] = [
  ["", 1, 1],
  ["{", 1, 2],
  ["[1,", 1, 4],
  ["[1,]", 1, 4],
  ["[,1]", 1, 2],
  ["{,}", 1, 2],
  ['{"a":1,}', 1, 8],
  ['{"a" 1}', 1, 6],
  ['{"a":}', 1, 6],
  ["{a:1}", 1, 2],
  ['{\n  "a": 1\n  "b": 2\n}', 3, 3],
  ['{"a": [1}\n', 1, 9],
  ["[1]]", 1, 4],
  ["[] x", 1, 4],
  ["01", 1, 2],
  ["1.", 1, 2],
  ['["a\nb"]', 1, 2],
  ['["\\x"]', 1, 2],
  ["'a'", 1, 1],
  ["{} // end", 1, 4],
];

for (const [source, line, column] of faults) {
  test(`${JSON.stringify(source)} is no JSON from ${line}:${column} on`, () => {
    assert.throws(() => JSON.parse(source), SyntaxError);
    assert.deepEqual(findJsonFault(source), { line, column });
  });
}

test("what the language's parser takes has no fault", () => {
  const texts = [
    "null",
    " -1.5e+3 ",
    '"\\u00e9\\n\u007f\u009f \u{1f600}"',
    "[]",
    '{"a":{"b":[{},[[]],true,false,null,"{"]}}\r\n\t',
  ];
  for (const source of texts) {
    assert.doesNotThrow(() => JSON.parse(source));
    assert.equal(findJsonFault(source), undefined);
  }
});

test("of a text cut anywhere, and of one with a character too much, it says what the language's parser says", () => {
  const source = JSON.stringify({ a: [1, -2.5e7, { "b\\": 'c"d' }, [], {}], e: null, f: true }, null, 2);
  for (let at = 0; at <= source.length; at += 1) {
    for (const broken of [
      source.slice(0, at),
      ...[",", "}", "]", '"', ":", "0", "x"].map((c) => source.slice(0, at) + c + source.slice(at)),
    ]) {
      assert.equal(findJsonFault(broken) === undefined, parses(broken), broken);
    }
  }
});

function parses(source: string): boolean {
  try {
    JSON.parse(source);
    return true;
  } catch {
    return false;
  }
}
