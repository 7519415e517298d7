import { field as f } from "../field.ts";
import { cloneFlags, directoryFlags, openFlags, packFlags, unpackFlags } from "../flags.ts";
import { defineOps } from "./define.ts";

const host = { host: ["prepare", "attend"] } as const;
const prepare = { host: ["prepare"] } as const;
const attend = { host: ["attend"] } as const;
const mode = f.u32("permission bits, umask not applied", { form: "octal" });

/** Files, descriptors, processes: what the host list does around the container. */
export const hostOps = defineOps({
  directory: {
    doc: "Makes a directory; without MAY_EXIST an existing one is an error.",
    source: "mkdirat(2)",
    legal: host,
    fields: {
      path: f.hostPath("the directory"),
      mode,
      flags: f.u32("PARENTS, MAY_EXIST", { optional: true, form: directoryFlags }),
    },
  },
  writeFile: {
    doc: "Replaces a file by write, rename; readers see the old or the new content. `%p` and `%t` in the content stand for pid and start time of init.",
    source: "rename(2)",
    legal: host,
    fields: { path: f.hostPath("the file"), content: f.text("the content; %% is one per cent sign"), mode },
  },
  remove: {
    doc: "Removes a file, or with tree set a directory and all below it, without following links or crossing mounts.",
    source: "unlinkat(2)",
    legal: host,
    fields: { path: f.hostPath("what to remove"), tree: f.u32("1: a whole directory", { optional: true }) },
  },
  syncFilesystem: {
    doc: "Waits until all that was written to a file system is on the disk.",
    source: "syncfs(2)",
    legal: host,
    fields: { path: f.hostPath("a directory of it") },
  },
  openFile: {
    doc: "Opens a file of the host, close-on-exec.",
    source: "openat2(2)",
    legal: prepare,
    fields: {
      path: f.hostPath("the file"),
      flags: f.u32("open(2) flags", { form: openFlags }),
      out: f.out("the open file"),
    },
  },
  inherit: {
    doc: "Takes over a descriptor that the caller left open for the helper.",
    source: "fcntl(2) F_DUPFD_CLOEXEC",
    legal: prepare,
    fields: { fd: f.u32("descriptor number in the helper at its start"), out: f.out("the descriptor") },
  },
  fifo: {
    doc: "Makes a FIFO owned by the caller and opens it for reading and writing, so that neither end ever blocks in open.",
    source: "fifo(7)",
    legal: prepare,
    fields: { path: f.hostPath("the FIFO"), out: f.out("the open FIFO") },
  },
  connect: {
    doc: "Connects to a unix stream socket.",
    source: "unix(7)",
    legal: prepare,
    fields: { path: f.hostPath("the socket"), out: f.out("the connection") },
  },
  socketPair: {
    doc: "Makes a pair of connected unix stream sockets, both close-on-exec.",
    source: "socketpair(2)",
    legal: prepare,
    fields: { near: f.out("the end for the host list"), far: f.out("the end for init") },
  },
  openNamespace: {
    doc: "Opens a namespace file and checks with NS_GET_NSTYPE that it is one of the wanted kind.",
    source: "ioctl_ns(2)",
    legal: prepare,
    fields: {
      path: f.hostPath("the namespace file"),
      kind: f.u32("its kind", { form: cloneFlags }),
      out: f.out("the namespace"),
    },
  },
  networkAhead: {
    doc: "Opens a network namespace that another process keeps, if that one still keeps this one: namespaces are told apart by their numbers.",
    source: "namespaces(7)",
    legal: prepare,
    fields: {
      name: f.text(
        "ten digits of the pid of its keeper, a slash, ten digits of the number of the namespace; zeros for none",
      ),
      out: f.out("the namespace; nothing where it is not there or may not be opened"),
    },
  },
  openProcess: {
    doc: "Opens a pidfd and then compares the process's start time, so that a recycled pid is refused with ESRCH.",
    source: "pidfd_open(2)",
    legal: host,
    fields: {
      pid: f.u32("process id"),
      startTime: f.u64("field 22 of /proc/PID/stat, in clock ticks"),
      out: f.out("the pidfd"),
    },
  },
  userNamespace: {
    doc: "Makes a user namespace in a throw-away child and writes its maps, itself or through programs that may write what the caller may not; only the namespace remains.",
    source: "user_namespaces(7), newuidmap(1)",
    legal: prepare,
    fields: {
      uidMap: f.text("lines for /proc/PID/uid_map"),
      gidMap: f.text("lines for /proc/PID/gid_map"),
      denySetgroups: f.u32("1: write deny to setgroups first", { optional: true }),
      uidProgram: f.hostPath("newuidmap, to write uidMap; empty: written directly", { optional: true }),
      gidProgram: f.hostPath("newgidmap, to write gidMap; empty: written directly", { optional: true }),
      out: f.out("the user namespace"),
    },
  },
  runStage: {
    doc: "Runs the stage list: in this process, or with fork set in a child, and waits until init exists.",
    source: "clone(2)",
    legal: prepare,
    fields: {
      fork: f.u32("1: the stage list enters namespaces, so it needs a process of its own", {
        optional: true,
      }),
    },
  },
  await: {
    doc: "Waits until the process at the other end has passed the barrier of that number, or reports its failure.",
    source: "unix(7) SOCK_SEQPACKET",
    legal: { host: ["attend"], init: ["enter", "mount", "root", "identity", "final"] },
    fields: { barrier: f.u32("number of the barrier") },
  },
  release: {
    doc: "Tells the process at the other end that the barrier of that number is passed.",
    source: "unix(7) SOCK_SEQPACKET",
    legal: { host: ["attend"], init: ["enter", "mount", "root", "identity", "final"] },
    fields: { barrier: f.u32("number of the barrier") },
  },
  hook: {
    doc: "Runs a hook with the container's state on its standard input and waits for it; a failure, a signal or the timeout is an error.",
    source: "https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md#posix-platform-hooks",
    legal: { host: ["prepare", "attend"], init: ["mount", "final"] },
    fields: {
      path: f.text("the program; in the init list inside the container's namespaces"),
      args: f.texts("its arguments, the first is its name"),
      env: f.texts("its whole environment"),
      directory: f.text("working directory; empty: the current one", { optional: true }),
      timeout: f.u32("seconds, 0 for none", { optional: true }),
      input: f.text("JSON for standard input; %p stands for the pid of init"),
    },
  },
  start: {
    doc: "Lets a created init go on: opens exec-status, writes one byte to the start FIFO, removes it, and waits for exec or the record of its failure.",
    source: "fifo(7)",
    legal: host,
    fields: {
      fifo: f.hostPath("the start FIFO"),
      status: f.hostPath("the exec-status FIFO"),
      process: f.in("pidfd of init, to tell a death from a success", { optional: true }),
    },
  },
  awaitExec: {
    doc: "Waits until init has become its program, or reports why it could not; for a plan whose init list holds no awaitStart.",
    source: "execve(2) and close-on-exec",
    legal: attend,
    fields: {},
  },
  waitExit: {
    doc: "Waits for init to end and reports its exit; with forward set every signal that can be caught is passed on to it. With a terminal, the helper's own terminal becomes raw, its size follows SIGWINCH, and bytes go both ways until init has ended and its output is drained; the terminal's mode is restored whatever happens.",
    source: "waitid(2), ioctl_tty(2)",
    legal: attend,
    fields: {
      forward: f.u32("1: forward signals", { optional: true }),
      terminal: f.in("socket that the console op sends the master to, the near end of a pair", {
        optional: true,
      }),
      notify: f.in("socket of notifySocket: that the container is ready is passed on meanwhile", {
        optional: true,
      }),
      manager: f.text("socket of the service manager", { optional: true }),
    },
  },
  notifySocket: {
    doc: "Makes a unix datagram socket in a directory that is mounted in the container, for its program to say that it is ready. Everybody may write to it.",
    source: "sd_notify(3)",
    legal: host,
    fields: {
      directory: f.hostPath("where"),
      name: f.text("name of the socket"),
      out: f.out("the socket"),
    },
  },
  notify: {
    doc: "Waits until the container says that it is ready, tells the service manager so and which process to follow from now on, and waits until the manager knows; returns at once when the container ends.",
    source: "sd_notify(3), sd_notify_barrier(3)",
    legal: attend,
    fields: {
      socket: f.in("socket of notifySocket"),
      manager: f.text("socket of the service manager; @ for an abstract one"),
      process: f.in("pidfd of init, in a plan that has not made it", { optional: true }),
      pid: f.u32("its number", { optional: true }),
    },
  },
  initProcess: {
    doc: "Takes a pidfd of init, for ops that look from outside at what it has made.",
    source: "pidfd_open(2)",
    legal: attend,
    fields: { out: f.out("the pidfd") },
  },
  sendProcess: {
    doc: "Sends a pidfd of init over a unix socket, with the text that runc sends.",
    source:
      "unix(7) SCM_RIGHTS; https://github.com/opencontainers/runc/blob/v1.3.0/libcontainer/init_linux.go setupPidfd",
    legal: attend,
    fields: { socket: f.in("the connection") },
  },
  signal: {
    doc: "Sends a signal through a pidfd.",
    source: "pidfd_send_signal(2)",
    legal: host,
    fields: { process: f.in("pidfd"), signal: f.u32("signal number") },
  },
  awaitDeath: {
    doc: "Waits until the process behind a pidfd has ended; ETIMEDOUT after the timeout.",
    source: "pidfd_open(2)",
    legal: host,
    fields: { process: f.in("pidfd"), timeout: f.u32("milliseconds") },
  },
  readInRoot: {
    doc: "Reads a regular file inside a root with openat2(RESOLVE_IN_ROOT) and returns its bytes under a number.",
    source: "openat2(2)",
    legal: host,
    fields: {
      root: f.in("directory, or pidfd of a process whose root is meant"),
      path: f.rootPath("the file"),
      limit: f.u32("most bytes to return; a larger file is EFBIG"),
      tag: f.u32("number under which the bytes are returned"),
    },
  },
  statInRoot: {
    doc: "Describes what a path inside a root leads to, without following a link at its end, and where such a link leads; returns it under a number.",
    source: "statx(2)",
    legal: host,
    fields: {
      root: f.in("directory, or pidfd of a process whose root is meant"),
      path: f.rootPath("the file"),
      tag: f.u32("number under which the description is returned"),
    },
  },
  unpackTree: {
    doc: "Reads tree records from a descriptor and makes the files they describe below a directory, resolving nothing outside of it.",
    source: "openat2(2) RESOLVE_BENEATH",
    legal: host,
    fields: {
      directory: f.in("the directory, or pidfd of a process whose root is meant"),
      records: f.in("descriptor with the records"),
      path: f.rootPath("the directory in it where the records begin; links to it are followed inside", {
        optional: true,
      }),
      flags: f.u32("KEEP_KINDS: a directory takes no other file's place", {
        optional: true,
        form: unpackFlags,
      }),
    },
  },
  packTree: {
    doc: "Walks a directory tree without following links and writes it as tree records to a descriptor.",
    source: "openat2(2) RESOLVE_BENEATH",
    legal: host,
    fields: {
      directory: f.in("the directory, or pidfd of a process whose root is meant"),
      path: f.rootPath("where in it to begin"),
      records: f.in("descriptor that receives the records"),
      flags: f.u32(
        "ONE_FILE_SYSTEM: what is mounted below is empty; LISTING: no content follows the sizes; NO_KERNEL_FILES: proc, sysfs and their like are empty",
        { optional: true, form: packFlags },
      ),
    },
  },
});
