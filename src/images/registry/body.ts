import { imageError } from "../errors.ts";
import type { HttpResponse } from "./http.ts";

/**
 * The whole body of an answer.
 * @param name what it is, for the error
 * @throws IMAGE_CONTENT_SIZE for a body of more than `limit` bytes, of which no more than that is read
 */
export async function readBody(response: HttpResponse, limit: number, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit)
      throw imageError("CONTENT_SIZE", `cannot read ${name}: it has more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
