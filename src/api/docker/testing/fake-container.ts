import { createHash } from "node:crypto";
import type { Container, ContainerState, CreateContainerRequest, Port } from "../../../engine/index.ts";
import type { dockerApi } from "../../../specs/index.ts";
import type { Attachment, AttachOptions } from "../routes/containers/port.ts";
import { createFakeChannel, type FakeChannel } from "./fake-channel.ts";
import type { FakeProgram } from "./fake-program.ts";

/** What a program has written at once. */
export type LogEntry = dockerApi.OutputChunk & { readonly time: string };

/** A container whose process is a function in this process. */
export type FakeContainer = {
  view(): Container;
  rename(name: string): void;
  publish(ports: readonly Port[]): void;
  run(program: FakeProgram): void;
  signal(name: string): void;
  resize(size: { height: number; width: number }): void;
  attach(options: AttachOptions): Attachment;
  readonly logged: readonly LogEntry[];
  readonly ended: Promise<number>;
};

const NOW = "2026-01-02T03:04:05.000000006Z";

export function createFakeContainer(name: string, request: CreateContainerRequest): FakeContainer {
  const [path = "", ...args] = [...(request.entrypoint ?? []), ...(request.command ?? ["sleep"])];
  const stdin = createFakeChannel<Uint8Array>();
  const outputs = new Set<FakeChannel<dockerApi.OutputChunk>>();
  const logged: LogEntry[] = [];
  const ended = Promise.withResolvers<number>();
  const signaled = Promise.withResolvers<string>();
  let currentName = name;
  let size = "0x0";
  let ports: readonly Port[] = [];
  let state: ContainerState = { status: "created", pid: 0, exitCode: 0, error: "", oomKilled: false };
  if (!request.stdio.openStdin) stdin.end();

  const write = (text: string, wanted: dockerApi.OutputStream = "stdout") => {
    const stream = request.stdio.tty ? "stdout" : wanted;
    const data = Buffer.from(text);
    logged.push({ stream, time: NOW, data });
    for (const output of outputs) output.push({ stream, data });
  };
  const end = (exitCode: number) => {
    state = { ...state, status: "exited", pid: 0, exitCode, finishedAt: NOW };
    for (const output of outputs) output.end();
    ended.resolve(exitCode);
  };
  return {
    logged,
    ended: ended.promise,
    view: () => ({
      id: createHash("sha256").update(name).digest("hex"),
      name: currentName,
      createdAt: NOW,
      imageId: `sha256:${"1".repeat(64)}`,
      spec: request,
      path,
      args,
      state,
      restartCount: 0,
      driver: "fake",
      os: "linux",
      mounts: [],
      files: { log: "", hostname: "", hosts: "", resolvConf: "" },
      execIds: [],
      networks: {},
      links: [],
      ports,
    }),
    publish: (next) => {
      ports = next;
    },
    rename: (next) => {
      currentName = next;
    },
    run(program) {
      state = { ...state, status: "running", pid: 4711, startedAt: NOW };
      const terminalSize = () => size;
      void program({ args, stdin: stdin.items, signaled: signaled.promise, write, terminalSize }).then(end);
    },
    signal: (signalName) => signaled.resolve(signalName.replace(/^SIG/, "")),
    resize: ({ height, width }) => {
      size = `${height}x${width}`;
    },
    attach(options) {
      const output = createFakeChannel<dockerApi.OutputChunk>();
      if (options.logs) for (const { stream, data } of logged) output.push({ stream, data });
      if (!options.stream || state.status === "exited") output.end();
      else outputs.add(output);
      return {
        tty: request.stdio.tty,
        output: output.items,
        async write(data) {
          stdin.push(Uint8Array.from(data));
        },
        async closeStdin() {
          if (request.stdio.stdinOnce) stdin.end();
        },
        detach() {},
        async close() {
          outputs.delete(output);
          output.end();
        },
      };
    },
  };
}
