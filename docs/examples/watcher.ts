// Tells of containers with a label when they end badly or become unhealthy, with their last words, until ctrl-c:
// node watcher.ts LABEL
import { once } from "node:events";
import { type Client, connect, TugError } from "tug";

const [label = "watch"] = process.argv.slice(2);
const client = await connect();
const stop = new AbortController();
once(process, "SIGINT").then(() => stop.abort());
const { signal } = stop;

async function lastWords(client: Client, container: string): Promise<string> {
  let text = "";
  for await (const { data } of client.containers.logs(container, { tail: "3", signal })) {
    text += Buffer.from(data).toString();
  }
  return text.trimEnd().replace(/^/gm, "  ");
}

const filters = new Map([
  ["type", ["container"]],
  ["label", [label]],
  ["event", ["die", "health_status"]],
]);
console.log(`watching containers with the label ${label}`);
try {
  for await (const { Action, Actor } of client.system.events({ filters, signal })) {
    const { name, exitCode = "" } = Actor.Attributes;
    if (Action === "die" && exitCode === "0") continue;
    if (Action === "health_status: healthy") continue;
    console.log(`${name}: ${Action === "die" ? `ended with ${exitCode}` : Action}`);
    console.log(await lastWords(client, Actor.ID));
  }
} catch (error) {
  if (!(error instanceof TugError) || error.kind !== "canceled") throw error;
  console.log("done");
}
