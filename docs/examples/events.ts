// Waits, for a minute at most, until some container ends.
import { connect, TugError } from "tug";

const client = await connect();
const signal = AbortSignal.timeout(60_000);
const filters = new Map([
  ["type", ["container"]],
  ["event", ["die"]],
]);
try {
  for await (const { Actor } of client.system.events({ filters, signal })) {
    const { name, exitCode } = Actor.Attributes;
    console.log(`${name} ended with ${exitCode}`);
    break;
  }
} catch (error) {
  if (!(error instanceof TugError) || error.kind !== "canceled") throw error;
  console.log("nothing ended");
}
