import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import { type Digest, sha256 } from "../../base/index.ts";
import type { RegistrySettings, ServedRequest } from "../server/serve-registry.ts";
import { openTestImages, type TestImages } from "./open-images.ts";
import type { SampleImage } from "./sample-image.ts";

export type Reply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** The first of the codes with which the registry says what is wrong. */
  readonly code: string | undefined;
  json(): unknown;
};

export type CallOptions = { readonly headers?: Record<string, string>; readonly body?: Uint8Array | string };

/** A registry on a store in a temporary directory, and requests to it. */
export interface TestRegistry extends AsyncDisposable {
  readonly test: TestImages;
  /** `127.0.0.1:PORT`, or what the settings call it. */
  readonly name: string;
  readonly port: number;
  readonly served: readonly ServedRequest[];
  /** The path is sent as it is, unlike by clients that make it neat. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  /** Sends a blob in one request. */
  pushBlob(repository: string, data: Uint8Array): Promise<Digest>;
  /** Sends a document under a tag or its digest; gives its digest. */
  pushDocument(repository: string, document: object, tag?: string): Promise<Digest>;
  /** Sends an image with all its blobs. */
  pushImage(repository: string, image: SampleImage, tag?: string): Promise<Digest>;
}

export async function serveTestRegistry(
  settings: Partial<RegistrySettings> = {},
  test?: TestImages,
): Promise<TestRegistry> {
  await using scope = new AsyncDisposableStack();
  const images = test ?? scope.use(await openTestImages());
  const served: ServedRequest[] = [];
  const server = scope.use(
    await images.images.serveRegistry({ listen: "127.0.0.1:0", ...settings }, (each) => served.push(each)),
  );
  const port = Number(new URL(server.url).port);
  const open = scope.move();
  const call = (method: string, path: string, options: CallOptions = {}) =>
    send({ method, path, port }, options);
  const expect = async (status: number, reply: Promise<Reply>): Promise<void> => {
    const { status: actual, body } = await reply;
    if (actual !== status) throw new Error(`${actual}, not ${status}: ${body}`);
  };
  const pushBlob = async (repository: string, data: Uint8Array): Promise<Digest> => {
    const digest = sha256(data);
    await expect(201, call("POST", `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body: data }));
    return digest;
  };
  const pushDocument = async (repository: string, document: object, tag?: string): Promise<Digest> => {
    const body = JSON.stringify(document);
    const digest = sha256(body);
    const type = (document as { mediaType?: string }).mediaType ?? "";
    const path = `/v2/${repository}/manifests/${tag ?? digest}`;
    await expect(201, call("PUT", path, { body, headers: { "content-type": type } }));
    return digest;
  };
  return {
    test: images,
    name: server.name,
    port,
    served,
    call,
    pushBlob,
    pushDocument,
    async pushImage(repository, image, tag) {
      for (const data of image.blobs.values()) await pushBlob(repository, data);
      return await pushDocument(repository, image.manifest, tag);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Not fetch: that normalizes paths. */
function send(
  { method, path, port }: { method: string; path: string; port: number },
  { headers, body }: CallOptions,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: "127.0.0.1", port, method, path, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const whole = Buffer.concat(chunks);
          const json = () => JSON.parse(whole.toString()) as unknown;
          const isJson = response.headers["content-type"] === "application/json" && whole.length > 0;
          const errors = isJson ? (json() as { errors?: { code: string }[] }).errors : undefined;
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers as Record<string, string | undefined>,
            body: whole,
            code: errors?.[0]?.code,
            json,
          });
        });
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

/** The sha512 digest of bytes. */
export function sha512(data: Uint8Array | string): Digest {
  return `sha512:${createHash("sha512").update(data).digest("hex")}` as Digest;
}
