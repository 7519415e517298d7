/** Everything that an asynchronous source yields. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of source) all.push(each);
  return all;
}

/** All bytes of a source. */
export async function collectBytes(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await collect(source));
}

/** All bytes of a source, as text. */
export async function collectText(source: AsyncIterable<Uint8Array>): Promise<string> {
  return (await collectBytes(source)).toString();
}
