import { field as f } from "../field.ts";
import { callFlags } from "../flags.ts";
import { defineOps } from "./define.ts";

const prepare = { host: ["prepare"] } as const;

/** Containers that the program of another OCI runtime makes and works on. */
export const runtimeOps = defineOps({
  callRuntime: {
    doc: "Runs the program of an OCI runtime to its end. With mounts it gets a mount namespace of its own, in which they are attached: what it makes keeps that. A failure carries the end of its log.",
    source: "https://github.com/opencontainers/runc/blob/v1.3.0/man/runc.8.md, mount_namespaces(7)",
    legal: prepare,
    fields: {
      what: f.text("what it is to do, in words"),
      path: f.hostPath("the program"),
      args: f.texts("its arguments, the first is its name"),
      env: f.texts("its whole environment"),
      directory: f.hostPath("working directory; empty: the current one", { optional: true }),
      timeout: f.u32("seconds after which it is killed"),
      log: f.hostPath("file in which it says what went wrong; an older one is removed"),
      flags: f.u32("STREAMS: the caller's standard streams, else the null device", {
        optional: true,
        form: callFlags,
      }),
      mounts: f.ins("detached mounts"),
      places: f.texts("where they are attached, in the same order"),
    },
  },
  callCriu: {
    doc: "Starts criu in its mode for one request, sends it the request and returns at once. It joins the groups first, and with mounts gets a mount namespace of its own in which they are attached.",
    source:
      "https://github.com/checkpoint-restore/criu/blob/v4.1/criu/crtools.c swrk, https://github.com/checkpoint-restore/criu/blob/v4.1/images/rpc.proto",
    legal: prepare,
    fields: {
      path: f.hostPath("the program"),
      args: f.texts("its arguments, the first is its name"),
      env: f.texts("its whole environment"),
      request: f.bytes("criu_req, encoded"),
      directories: f.texts("directories of the host, which it finds at 4 and up"),
      descriptors: f.ins("what it finds after them"),
      groups: f.ins("control groups that it joins"),
      mounts: f.ins("detached mounts"),
      places: f.texts("where they are attached, in the same order"),
      flags: f.u32("STREAMS: the caller's standard streams, else the null device", {
        optional: true,
        form: callFlags,
      }),
      channel: f.out("the connection"),
      process: f.out("its pidfd"),
    },
  },
  awaitCriu: {
    doc: "Acknowledges what criu gives notice of until it comes to the notice of that name, which waits, or to its end. The process that a notice names becomes init; a terminal that it makes is handed over.",
    source:
      "https://github.com/checkpoint-restore/criu/blob/v4.1/images/rpc.proto criu_notify, https://github.com/checkpoint-restore/criu/blob/v4.1/criu/action-scripts.c",
    legal: { host: ["prepare", "attend"] },
    fields: {
      channel: f.in("connection of callCriu"),
      process: f.in("its pidfd"),
      until: f.text("name of the notice; empty: the end", { optional: true }),
      go: f.u32("1: the notice that was awaited last is acknowledged first", { optional: true }),
      console: f.in("where the master of a terminal goes", { optional: true }),
    },
  },
  adoptInit: {
    doc: "Takes the process whose number the runtime has written for init, and says that the container is created.",
    source: "pidfd_open(2)",
    legal: prepare,
    fields: { pidFile: f.hostPath("file with the number") },
  },
  listenConsole: {
    doc: "Makes the socket at which a runtime hands over the master of a terminal.",
    source: "https://github.com/opencontainers/runc/blob/v1.3.0/docs/terminals.md#detached-new-terminal",
    legal: prepare,
    fields: {
      directory: f.hostPath("where"),
      name: f.text("name of the socket in it"),
      out: f.out("the socket"),
    },
  },
  passConsole: {
    doc: "Receives the master of a terminal and sends it on, as the console op would have.",
    source: "unix(7) SCM_RIGHTS",
    legal: prepare,
    fields: {
      listener: f.in("socket of listenConsole"),
      socket: f.in("where it goes"),
    },
  },
});
