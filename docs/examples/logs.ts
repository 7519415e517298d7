// Follows what a container writes, line by line: node logs.ts CONTAINER
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { connect, type OutputChunk } from "tug";

const [container = "web"] = process.argv.slice(2);
const client = await connect();
const chunks = client.containers.logs(container, { follow: true, tail: "10" });

async function* bytes(from: AsyncIterable<OutputChunk>): AsyncGenerator<Uint8Array> {
  for await (const { data } of from) yield data;
}

let count = 0;
for await (const line of createInterface({ input: Readable.from(bytes(chunks)) })) {
  count += 1;
  console.log(`${count}: ${line}`);
}
