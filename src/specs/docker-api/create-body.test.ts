import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCreateBody } from "./create-body.ts";

test("null means not given and unknown fields are ignored", () => {
  const body = parseCreateBody(
    '{"Image":"busybox","Cmd":null,"HostConfig":{"Binds":null,"New":1},"Other":[]}',
  );
  assert.deepEqual(body, { Image: "busybox", HostConfig: {} });
});

test("a command may be one text, as old clients send it", () => {
  assert.deepEqual(parseCreateBody('{"Cmd":"ls"}').Cmd, ["ls"]);
});

test("labels may have any name", () => {
  const { Labels } = parseCreateBody('{"Labels":{"__proto__":"a","constructor":"b"}}');
  assert.deepEqual(Object.entries(Labels ?? {}), [
    ["__proto__", "a"],
    ["constructor", "b"],
  ]);
});

const refused: [name: string, body: string, message: RegExp, pointer?: string][] = [
  ["no JSON", "{", /cannot read the create body: it is not valid JSON/],
  ["a list", "[]", /the document must be an object/, ""],
  ["a number for a text", '{"Image":3}', /\/Image must be a text, not 3$/, "/Image"],
  ["a text for a number", '{"HostConfig":{"Memory":"x"}}', /\/HostConfig\/Memory must be a number, not "x"$/],
  ["a fraction", '{"HostConfig":{"Memory":1.5}}', /\/HostConfig\/Memory must be a whole number$/],
  ["a list for an object", '{"HostConfig":[]}', /\/HostConfig must be an object$/, "/HostConfig"],
  ["a wrong item", '{"Env":["A=1",2]}', /\/Env\/1 must be a text, not 2$/, "/Env/1"],
  ["a hole in a list", '{"Env":["A=1",null]}', /\/Env\/1 must be a text, not nothing$/, "/Env/1"],
  ["a NUL byte", '{"WorkingDir":"/a\\u0000b"}', /\/WorkingDir must not hold a NUL byte$/, "/WorkingDir"],
  ["a wrong label", '{"Labels":{"a/b":1}}', /\/Labels\/a~1b must be a text, not 1$/, "/Labels/a~1b"],
  [
    "a mount type",
    '{"HostConfig":{"Mounts":[{"Type":"nfs"}]}}',
    /\/HostConfig\/Mounts\/0\/Type must be one of "bind", /,
  ],
  [
    "a wrong port binding",
    '{"HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":80}]}}}',
    /\/HostConfig\/PortBindings\/80~1tcp\/0\/HostPort must be a text, not 80$/,
  ],
];

for (const [name, body, message, pointer] of refused) {
  test(`a create body with ${name} is refused with its place`, () => {
    assert.throws(
      () => parseCreateBody(body),
      (error: Error & { code?: string; details?: { pointer?: string } }) => {
        assert.match(error.message, message);
        assert.equal(error.code, "DOCKER_API_BODY");
        if (pointer !== undefined) assert.equal(error.details?.pointer, pointer);
        return true;
      },
    );
  });
}
