// Runs a program in a container, reads what it writes, and leaves nothing behind.
import { connect } from "tug";

const client = await connect();
const { Id } = await client.containers.create({
  Image: "busybox",
  Cmd: ["sh", "-c", "echo hello from $(hostname); echo oops >&2; exit 3"],
  Hostname: "box",
  HostConfig: { AutoRemove: true, NetworkMode: "none" },
});

// Attached and waited for before it starts: neither a byte nor the end can be missed.
const { output } = await client.containers.attach(Id);
const { ended } = await client.containers.wait(Id, "removed");
await client.containers.start(Id);

for await (const { stream, data } of output) process[stream].write(data);
console.log(`it ended with ${(await ended).StatusCode}`);
