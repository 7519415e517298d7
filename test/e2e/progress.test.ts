import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { type FakeRegistry, startFakeRegistry } from "../../src/images/testing/fake-registry.ts";
import { type SampleImage, sampleImage, serveImage } from "../../src/images/testing/sample-image.ts";
import { needsBox, needsTerminal, startShell, startTugCommand, until, useEngine } from "./harness/index.ts";

/** Two layers that cannot be made smaller. */
const layers = [{ first: randomBytes(2_000_000).toString("latin1") }, { second: "small" }];

/** Serves an image, and sends half of its first layer until it is let go. */
function serveSlowly(registry: FakeRegistry): { name: string; ids: string[]; letGo: () => void } {
  const sample: SampleImage = sampleImage({
    layers,
    compress: (data) => data,
    layerType: "application/vnd.oci.image.layer.v1.tar",
  });
  serveImage(registry, sample, "1");
  const rest = Promise.withResolvers<void>();
  const [large] = sample.manifest.layers;
  const blob = sample.blobs.get(large?.digest ?? sample.id) ?? Buffer.alloc(0);
  registry.faults.push((request, response) => {
    if (!request.url?.includes(large?.digest ?? "absent")) return false;
    response.writeHead(200, { "content-length": blob.length });
    response.write(blob.subarray(0, blob.length / 2));
    void rest.promise.then(() => response.end(blob.subarray(blob.length / 2)));
    return true;
  });
  const ids = sample.manifest.layers.map(({ digest }) => digest.slice(7, 19));
  return { name: `${registry.host}/a/b:1`, ids, letGo: rest.resolve };
}

describe("the progress of a pull", { skip: needsBox() }, () => {
  const engine = useEngine();

  test("on a terminal each layer has one line, which changes", { skip: needsTerminal() }, async () => {
    await using registry = await startFakeRegistry();
    await using terminal = await startShell(engine, { columns: 120 });
    const {
      name,
      ids: [large = "", small = ""],
      letGo,
    } = serveSlowly(registry);
    await terminal.enter(`tug pull ${name}`);
    await terminal.shows(new RegExp(`^${large}: Downloading +\\[=+> +\\] +\\S+/2MB$`));
    letGo();
    await terminal.endsWith(/^#$/);
    const lines = await terminal.lines();
    const at = lines.indexOf("1: Pulling from 127.0.0.1:PORT/a/b".replace("127.0.0.1:PORT", registry.host));
    assert.deepEqual(
      lines.slice(at + 1, at + 3).toSorted(),
      [`${large}: Pull complete`, `${small}: Pull complete`].toSorted(),
    );
    assert.match(lines[at + 3] ?? "", /^Digest: sha256:[0-9a-f]{64}$/);
    assert.deepEqual(lines.slice(at + 4), [`Status: Downloaded newer image for ${name}`, name, "#"]);
    await engine.ok(["rmi", name]);
  });

  test("of a run, it leaves the output of the program alone", { skip: needsTerminal() }, async () => {
    await using registry = await startFakeRegistry();
    await using terminal = await startShell(engine, { columns: 120 });
    const {
      name,
      ids: [large = ""],
      letGo,
    } = serveSlowly(registry);
    await terminal.enter(`tug run --rm ${name} /first > output; echo code $?`);
    await terminal.shows(new RegExp(`^${large}: Downloading +\\[`));
    letGo();
    await terminal.shows(/^code 126$/);
    await terminal.enter("wc -c output");
    await terminal.shows(/^0 output$/);
    await engine.ok(["rmi", name]);
  });

  test("piped, it is plain lines, one for each change", async () => {
    await using registry = await startFakeRegistry();
    const { name, ids, letGo } = serveSlowly(registry);
    await using pull = startTugCommand(engine, ["pull", name]);
    await pull.prints(/^\w+: Pulling from .*\n/);
    await until("the layer is on its way", () =>
      registry.requests.some((line) => line.includes(ids[0] ?? "absent")),
    );
    letGo();
    assert.equal(await pull.code, 0, pull.stderr());
    assert.doesNotMatch(pull.stdout(), /\x1b|\r/);
    const lines = pull.stdout().split("\n");
    for (const id of ids) {
      const own = lines.filter((line) => line.startsWith(`${id}: `));
      assert.deepEqual(new Set(own).size, own.length, own.join("\n"));
      assert.equal(own.at(-1), `${id}: Pull complete`);
      assert.ok(
        own.every((line) => /^\w+: (Pulling fs layer|Waiting|Download complete|Pull complete)$/.test(line)),
        own.join("\n"),
      );
    }
  });
});
