import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { sha256 } from "../../base/index.ts";
import { type ImageSignature, maxSignatures } from "../../signatures/index.ts";
import { parseReference } from "../reference.ts";
import { openLookaside } from "./lookaside.ts";
import { findLookaside } from "./lookaside-config.ts";
import { addSignatureFiles, readSignatureFiles } from "./signature-files.ts";

const digest = sha256("image");
const reference = parseReference("one.example:5000/team/app:1");
const gpg = (text: string): ImageSignature => ({
  payload: new Uint8Array(Buffer.concat([Buffer.from([0xc4]), Buffer.from(text)])),
  signature: "",
});

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tug-lookaside-"));
});
afterEach(() => rm(root, { recursive: true }));

describe("files about where signatures lie", () => {
  const directory = () => join(root, "registries.d");
  const write = async (files: Record<string, string>) => {
    await rm(directory(), { recursive: true, force: true });
    await mkdir(directory());
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory(), name), text);
  };
  const find = async (storage: string | undefined = "/usual") => {
    const files = { directories: [join(root, "none"), directory()], storage };
    const { read, write } = await findLookaside(files, reference);
    return [read?.href, write?.href];
  };
  const https = (name: string) => `https://sig.example/${name}`;

  it("need not be there", async () => {
    assert.deepEqual(await find(), ["file:///usual", "file:///usual"]);
    assert.deepEqual(await find(undefined), ["file:///usual", "file:///usual"]);
    const files = { directories: [], storage: undefined };
    assert.deepEqual(await findLookaside(files, reference), { read: undefined, write: undefined });
  });

  it("are gone by from the most special scope to the usual one, which need not say everything", async () => {
    const scopes = [
      "one.example:5000",
      "one.example:5000/team",
      "one.example:5000/team/app",
      "one.example:5000/team/app:1",
    ];
    let text = `default-docker:\n  sigstore: ${https("usual")}\ndocker:\n  one.example: { lookaside: "${https("other")}" }\n`;
    await write({ "a.yaml": text });
    assert.deepEqual(await find(), [https("usual"), https("usual")]);
    for (const [at, scope] of scopes.entries()) {
      text += `  ${scope}:\n    lookaside: ${https(`${at}`)}\n`;
      await write({ "a.yaml": text });
      assert.deepEqual(await find(), [https(`${at}`), https(`${at}`)]);
    }
    await write({
      "a.yaml": `default-docker: { lookaside-staging: "file:///s" }\ndocker:\n  one.example:5000: {}\n`,
    });
    assert.deepEqual(await find(), ["file:///usual", "file:///s"]);
  });

  it("may have members with older names, which count less, and others for other purposes", async () => {
    const old = `sigstore: ${https("a")}\n  sigstore-staging: file:///a\n  use-sigstore-attachments: true`;
    await write({ "a.yaml": `default-docker:\n  ${old}\n`, "b.txt": "{", "c.yaml": "" });
    assert.deepEqual(await find(), [https("a"), "file:///a"]);
    await write({
      "a.yaml": `default-docker:\n  ${old}\n  lookaside: ${https("b")}\n  lookaside-staging: file:///b\n`,
    });
    assert.deepEqual(await find(), [https("b"), "file:///b"]);
  });

  for (const [what, files, message] of [
    ["no YAML", { "a.yaml": "docker: [" }, /a\.yaml: /],
    ["a text", { "a.yaml": "docker: x" }, /a\.yaml: docker: /],
    ["a number", { "a.yaml": "default-docker: { lookaside: 1 }" }, /a\.yaml: default-docker\.lookaside: /],
    [
      "a scope twice",
      { "a.yaml": "docker: { x: {} }", "b.yaml": "docker: { x: {} }" },
      /b\.yaml: docker x is in another file of the directory too$/,
    ],
    [
      "the usual place twice",
      { "a.yaml": "default-docker: {}", "b.yaml": "default-docker: {}" },
      /b\.yaml: default-docker is in another file of the directory too$/,
    ],
    [
      "no address",
      { "a.yaml": "default-docker: { lookaside: /x }" },
      /\/x is no address of signatures: write file:/,
    ],
    [
      "another host",
      { "a.yaml": "default-docker: { lookaside: 'file://h/x' }" },
      /file:\/\/h\/x names a host/,
    ],
  ] as const) {
    it(`are refused with ${what}`, async () => {
      await write(files);
      await assert.rejects(find(), { code: "IMAGE_REGISTRY_CONFIG", message });
    });
  }
});

describe("signatures in files", () => {
  const prefix = () => join(root, "app@sha256=00/signature-");

  it("have the next numbers, and none is there twice or written over", async () => {
    assert.deepEqual(await readSignatureFiles(prefix()), []);
    const cosign = { payload: new Uint8Array(Buffer.from("{}")), signature: "c2ln" };
    await addSignatureFiles(prefix(), [gpg("a"), cosign]);
    // What somebody left who was killed meanwhile.
    await writeFile(`${prefix()}0123456789ab.tmp`, "half");
    await addSignatureFiles(prefix(), [cosign, gpg("b"), gpg("a")]);
    assert.deepEqual(await readSignatureFiles(prefix()), [gpg("a"), cosign, gpg("b")]);
    assert.deepEqual((await readdir(join(root, "app@sha256=00"))).toSorted(), [
      "signature-0123456789ab.tmp",
      "signature-1",
      "signature-2",
      "signature-3",
    ]);
  });

  it("that are put there at the same time are all there", async () => {
    const texts = Array.from({ length: 20 }, (_, at) => `${at}`);
    await Promise.all(texts.map((text) => addSignatureFiles(prefix(), [gpg(text)])));
    const found = await readSignatureFiles(prefix());
    assert.deepEqual(
      found.map(({ payload }) => Buffer.from(payload.subarray(1)).toString()).toSorted(),
      texts.toSorted(),
    );
  });

  it("are refused where there are more than anybody has", async () => {
    const many = Array.from({ length: maxSignatures }, (_, at) => gpg(`${at}`));
    await addSignatureFiles(prefix(), many);
    assert.equal((await readSignatureFiles(prefix())).length, maxSignatures);
    await assert.rejects(addSignatureFiles(prefix(), [gpg("new")]), {
      code: "IMAGE_CONFIGURATION",
      message: /has 100 signatures, and no more are looked at$/,
    });
    await writeFile(`${prefix()}${maxSignatures + 1}`, "x");
    await assert.rejects(readSignatureFiles(prefix()), { message: /there are more than 100 signatures$/ });
  });

  it("are refused where they are no small files, with the name of the file", async () => {
    await mkdir(`${prefix()}1`, { recursive: true });
    await assert.rejects(readSignatureFiles(prefix()), {
      code: "IMAGE_LOOKASIDE",
      message: /^cannot read the signature .*signature-1: it is no regular file$/,
    });
    await writeFile(join(root, "file"), "x");
    await assert.rejects(addSignatureFiles(join(root, "file/app/signature-"), [gpg("a")]), {
      code: "IMAGE_LOOKASIDE",
      message: /^cannot write a signature into .*: ENOTDIR/,
    });
  });
});

describe("signatures of a web server", () => {
  const serve = async (listener: RequestListener) => {
    const server = createServer(listener).listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`;
    await mkdir(join(root, "d"));
    const staging = pathToFileURL(join(root, "staging"));
    await writeFile(
      join(root, "d/a.yaml"),
      `default-docker:\n  lookaside: ${address}\n  lookaside-staging: ${staging}\n`,
    );
    const lookaside = openLookaside({ files: { directories: [join(root, "d")], storage: undefined } });
    return { lookaside, [Symbol.dispose]: () => server.close().closeAllConnections() };
  };

  it("are asked for one after the other, up to the first that is not there", async () => {
    const requests: (string | undefined)[] = [];
    using web = await serve(({ url }, response) => {
      requests.push(url);
      if (requests.length > 2) return response.writeHead(404).end("none");
      return response.end(gpg(`${requests.length}`).payload);
    });
    assert.deepEqual(await web.lookaside.list(reference, digest), [gpg("1"), gpg("2")]);
    const path = `/base/team/app@${digest.replace(":", "=")}/signature-`;
    assert.deepEqual(requests, [`${path}1`, `${path}2`, `${path}3`]);
    requests.length = 0;
    await web.lookaside.add(reference, digest, { signatures: [gpg("2"), gpg("3")] });
    const staged = join(root, `staging/team/app@${digest.replace(":", "=")}/signature-`);
    assert.deepEqual(await readSignatureFiles(staged), [gpg("1"), gpg("2"), gpg("3")]);
  });

  for (const [what, listener, message] of [
    ["fails", (_, response) => response.writeHead(503).end(), /signature-1: the answer has status 503$/],
    ["forbids it", (_, response) => response.writeHead(403).end(), /signature-1: the answer has status 403$/],
    [
      "sends without end",
      (_, response) => response.end(Buffer.alloc(1 << 20)),
      /it is larger than 131072 bytes$/,
    ],
    ["breaks off", (_, response) => response.destroy(), /^cannot read the signature http:\/\/127\.0\.0\.1/],
  ] as [string, RequestListener, RegExp][]) {
    it(`are not there, with a reason, where it ${what}`, async () => {
      using web = await serve(listener);
      await assert.rejects(web.lookaside.list(reference, digest), { code: "IMAGE_LOOKASIDE", message });
    });
  }

  it("are refused where it has one for every number", async () => {
    using web = await serve((_, response) => response.end("x"));
    await assert.rejects(web.lookaside.list(reference, digest), {
      code: "IMAGE_CONFIGURATION",
      message: /there are more than 100 signatures$/,
    });
  });
});
