// Runs a further program in a running container and gives it input: node exec.ts CONTAINER
import { connect } from "tug";

const [container = "web"] = process.argv.slice(2);
const client = await connect();
const { Id } = await client.execs.create(container, {
  Cmd: ["tr", "a-z", "A-Z"],
  AttachStdin: true,
  AttachStdout: true,
  AttachStderr: true,
});

const { stdin, output } = await client.execs.attach(Id);
stdin.write("written to the program's input\n");
// The program sees the end of its input; its output stays open.
stdin.end();

for await (const { data } of output) process.stdout.write(data);
const { ExitCode } = await client.execs.inspect(Id);
console.log(`it ended with ${ExitCode}`);
