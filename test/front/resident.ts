import { chmod, copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import type { Server, Socket } from "node:net";
import { dirname, join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { silentLogger } from "../../src/base/index.ts";
import { createFrontServer, type FrontRequest } from "../../src/front/index.ts";
import { helperPath } from "../helper/driver.ts";
import { runProgram } from "./run-program.ts";

const BUILD = "b".repeat(32);

/** A resident process of the test's own and a package whose Node is a script: each says that it was the one. */
export type Stage = {
  /** The run directory, with the mode that it must have. */
  readonly run: string;
  readonly socket: string;
  readonly packagePath: string;
  /** Requests that were carried out. */
  readonly served: readonly FrontRequest[];
  /**
   * A server of the protocol that carries out every request by printing "resident" and exiting with 3, or dies under it.
   */
  serve(options?: { build?: string; dies?: "silent" | "after output"; repeatable?: boolean }): Server;
  /** Who carried a command out: "resident" or "node"; fails on anything else. */
  ask(options?: AskOptions): Promise<string>;
};

export type AskOptions = {
  readonly program?: "tug" | "tug-oci";
  /** A command line before it. */
  readonly before?: readonly string[];
  /** Its arguments; `ps` by default. */
  readonly argv?: readonly string[];
  readonly run?: string;
  readonly packagePath?: string;
};

export async function makeStage(parent: string): Promise<Stage> {
  const run = join(parent, "run");
  const packagePath = join(parent, "package");
  await mkdir(run, { mode: 0o700 });
  await makePackage(packagePath);
  const served: FrontRequest[] = [];
  return {
    run,
    socket: join(run, "front.sock"),
    packagePath,
    served,
    serve: ({ build = BUILD, dies, repeatable = false } = {}) =>
      createFrontServer({
        build,
        logger: silentLogger,
        declines: async () => false,
        isRepeatable: () => repeatable,
        isPlanned: () => false,
        async run(request, connection, socket) {
          served.push(request);
          if (dies !== "silent") {
            connection.stdout.write("resident\n");
            // So that it is sent, and does not wait for the exit code.
            if (dies !== undefined) await turn();
          }
          if (dies !== undefined) socket.destroy();
          return 3;
        },
      }),
    async ask({
      program = "tug",
      before = [],
      argv = ["ps"],
      run: runDirectory = run,
      packagePath: at = packagePath,
    } = {}) {
      const env = { PATH: process.env.PATH, TUG_RUN_ROOT: runDirectory };
      const { code, stdout, stderr } = await runProgram([...before, join(at, program), ...argv], env);
      if (code === 3 && stdout === "resident\n" && stderr === "") return "resident";
      if (code === 4 && stdout === "node\n" && stderr === "") return "node";
      throw new Error(`ended with ${code}: ${stdout}${stderr}`);
    },
  };
}

/** A server that listens; it stops with its scope. */
export type Listening = AsyncDisposable & {
  /** How many there were so far. */
  readonly connections: number;
};

export async function listening(server: Server, path: string): Promise<Listening> {
  const connections = new Set<Socket>();
  let count = 0;
  server.on("connection", (socket) => {
    count += 1;
    connections.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => connections.delete(socket));
  });
  await new Promise<void>((done) => server.listen(path, done));
  return {
    get connections() {
      return count;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of connections) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

async function makePackage(path: string): Promise<void> {
  await mkdir(join(path, "dist/helper"), { recursive: true });
  await mkdir(join(path, "dist/bin"));
  await copyFile(helperPath, join(path, "dist/helper/tug-helper"));
  await writeFile(join(path, "dist/build"), `${BUILD}\n`);
  for (const name of ["tug", "tug-oci"]) {
    await writeFile(join(path, `dist/bin/${name}.mjs`), "");
    await symlink("dist/helper/tug-helper", join(path, name));
  }
  const node = join(path, `node_modules/node-linux-${process.arch}/bin/node`);
  await mkdir(dirname(node), { recursive: true });
  await writeFile(node, "#!/bin/sh\necho node; exit 4\n");
  await chmod(node, 0o755);
}
