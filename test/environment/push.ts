import type { BuiltImage } from "./image.ts";

/**
 * Uploads an image under `NAME:TAG` to the registry at a URL.
 * Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#push
 */
export async function pushImage(
  url: string,
  nameAndTag: string,
  { image, headers }: { image: BuiltImage; headers: Readonly<Record<string, string>> },
): Promise<void> {
  const [name, tag = "latest"] = nameAndTag.split(":");
  const send = async (method: string, address: string | URL, body?: Buffer, type?: string) => {
    const answer = await fetch(address, {
      method,
      headers: { ...headers, ...(type === undefined ? {} : { "content-type": type }) },
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });
    if (answer.ok) return answer;
    throw new Error(
      `cannot push ${nameAndTag}: ${method} ${address}: ${answer.status} ${await answer.text()}`,
    );
  };
  const manifests = new Set(image.manifests.map((manifest) => manifest.digest));
  for (const [digest, bytes] of image.blobs) {
    if (manifests.has(digest)) continue;
    const { headers } = await send("POST", `${url}/v2/${name}/blobs/uploads/`);
    const place = new URL(headers.get("location") ?? "", url);
    place.searchParams.set("digest", digest);
    await send("PUT", place, bytes, "application/octet-stream");
  }
  for (const { digest, mediaType } of image.manifests) {
    const reference = digest === image.manifest.digest ? tag : digest;
    await send("PUT", `${url}/v2/${name}/manifests/${reference}`, image.blobs.get(digest), mediaType);
  }
}
