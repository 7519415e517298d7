// Fetches the layers of an image, decompresses them and computes both digests of each, and nothing else: what Node alone
// takes for a pull. node floor.ts REFERENCE, as 127.0.0.1:PORT/NAME:TAG
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

const [, host = "", name = "", tag = ""] = /^([^/]+)\/(.+):([^:]+)$/.exec(process.argv[2] ?? "") ?? [];
const accept = { accept: "application/vnd.oci.image.manifest.v1+json" };
const manifest = (await (
  await fetch(`http://${host}/v2/${name}/manifests/${tag}`, { headers: accept })
).json()) as { layers: { digest: string }[] };
await Promise.all(manifest.layers.map(({ digest }) => digestBoth(digest)));

async function digestBoth(digest: string): Promise<void> {
  const { body } = await fetch(`http://${host}/v2/${name}/blobs/${digest}`);
  const [blob, archive] = [createHash("sha256"), createHash("sha256")];
  const source = Readable.fromWeb(body as never).on("data", (chunk: Buffer) => void blob.update(chunk));
  for await (const chunk of source.pipe(createGunzip({ chunkSize: 256 * 1024 }))) archive.update(chunk);
  if (`sha256:${blob.digest("hex")}` !== digest) throw new Error(`${digest} is damaged`);
  archive.digest();
}
