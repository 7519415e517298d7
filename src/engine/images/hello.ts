import { readFile } from "node:fs/promises";
import { arch } from "node:os";
import type { EmbeddedImage } from "../../images/index.ts";
import { type Node, noXattrs, writeTar } from "../../tar/index.ts";

/** Name of the image that comes with the package. */
export const HELLO = "tug/hello";

/**
 * The image `tug/hello`: one static program that tells what a container looks like from inside.
 *
 * @param program path of the program
 */
export async function helloImage(program: string): Promise<EmbeddedImage> {
  const data = await readFile(program);
  return {
    reference: { domain: "", path: HELLO, tag: "latest" },
    config: {
      created: "1970-01-01T00:00:00Z",
      architecture: arch() === "x64" ? "amd64" : "arm64",
      os: "linux",
      config: { Entrypoint: ["/hello"], Env: ["PATH=/"], WorkingDir: "/" },
      history: [{ created: "1970-01-01T00:00:00Z", created_by: "tug: the program hello" }],
    },
    layers: [await tarOf("hello", data)],
  };
}

/** A layer with one executable file. The same file gives the same bytes. */
async function tarOf(path: string, data: Buffer): Promise<Uint8Array> {
  const node: Node = {
    type: "file",
    path,
    link: "",
    mode: 0o755,
    uid: 0,
    gid: 0,
    mtime: { seconds: 0, nanoseconds: 0 },
    size: data.length,
    major: 0,
    minor: 0,
    xattrs: noXattrs,
  };
  const parts: Uint8Array[] = [];
  for await (const part of writeTar([
    { kind: "node", node },
    { kind: "data", data },
  ]))
    parts.push(part);
  return Buffer.concat(parts);
}
