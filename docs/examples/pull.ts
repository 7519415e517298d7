// Pulls an image and shows how far it is: node pull.ts IMAGE
import { connect, TugError } from "tug";

const [image = "docker.io/library/alpine"] = process.argv.slice(2);
const client = await connect();
try {
  for await (const { id, status, progressDetail } of client.images.pull(image)) {
    const { current, total } = progressDetail ?? {};
    const share = current !== undefined && total ? ` ${Math.round((100 * current) / total)} %` : "";
    console.log(`${id === undefined ? "" : `${id}: `}${status ?? ""}${share}`);
  }
  const { Id, Size } = await client.images.inspect(image);
  console.log(`${Id} takes ${Size} bytes`);
} catch (error) {
  // Every failure has a code that stays, a kind, a sentence, and often what to do about it.
  if (!(error instanceof TugError)) throw error;
  console.error(`${error.code} (${error.kind}): ${error.message}`);
  if (error.hint !== undefined) console.error(error.hint);
  process.exitCode = 1;
}
