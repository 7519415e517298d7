import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { applyChanges } from "./changes.ts";

describe("applyChanges", () => {
  it("does what the instructions of a Dockerfile do", () => {
    const config = applyChanges([
      'CMD ["sh", "-i"]',
      "entrypoint exec top -b",
      'ENV A=1 B="two words" C=it\\ is',
      "ENV A another one",
      "EXPOSE 80 53/udp",
      `LABEL a.b="c \\"d\\"" 'e f'=g`,
      "ONBUILD RUN make",
      "STOPSIGNAL SIGQUIT",
      "USER 1000:1000",
      'VOLUME ["/data", "/log"]',
      "VOLUME /more",
      "WORKDIR /work",
    ]);
    assert.deepEqual(config, {
      Cmd: ["sh", "-i"],
      Entrypoint: ["/bin/sh", "-c", "exec top -b"],
      Env: ["B=two words", "C=it is", "A=another one"],
      ExposedPorts: { "80/tcp": {}, "53/udp": {} },
      Labels: { "a.b": 'c "d"', "e f": "g" },
      OnBuild: ["RUN make"],
      StopSignal: "SIGQUIT",
      User: "1000:1000",
      Volumes: { "/data": {}, "/log": {}, "/more": {} },
      WorkingDir: "/work",
    });
  });

  for (const instruction of ["RUN make", "CMD", "", "toString x", "ENV A=1 B", "LABEL x"]) {
    it(`refuses ${JSON.stringify(instruction)}`, () => {
      assert.throws(() => applyChanges([instruction]), { code: "ENGINE_REQUEST", kind: "invalid" });
    });
  }
});
