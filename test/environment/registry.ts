import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuiltImage } from "./image.ts";
import { startProcess } from "./process.ts";
import { pushImage } from "./push.ts";
import { debianProgram } from "./requirements.ts";
import { temporaryDirectory } from "./temporary.ts";

/** A registry of a test's own. It goes away with its scope: `await using registry = await startRegistry()`. */
export type Registry = AsyncDisposable & {
  /** `127.0.0.1:PORT`, what stands before the name in a reference. */
  readonly host: string;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Uploads an image and returns its reference, `127.0.0.1:PORT/NAME:TAG`. */
  push(nameAndTag: string, image: BuiltImage): Promise<string>;
  /** The registry's own log: requests and failures. */
  log(): string;
};

export type RegistryOptions = {
  /** Whether it asks for the user "user" with the password "secret". */
  password?: boolean;
};

/** The password "secret" for "user", as bcrypt, the only form that the registry reads. */
const passwords = "user:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";

/** Starts Debian's docker-registry, empty, on a free port of 127.0.0.1. Needs `debianProgram("docker-registry")`. */
export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  await using scope = new AsyncDisposableStack();
  const directory = scope.use(await temporaryDirectory());
  const file = (name: string) => join(directory.path, name);
  const auth = { htpasswd: { realm: "test", path: file("passwords") } };
  await writeFile(file("passwords"), passwords);
  await writeFile(
    file("config.json"),
    JSON.stringify({
      version: "0.1",
      log: { accesslog: { disabled: false } },
      storage: { filesystem: { rootdirectory: file("storage") }, delete: { enabled: true } },
      http: { addr: "127.0.0.1:0" },
      ...(options.password === true ? { auth } : {}),
    }),
  );
  const program = debianProgram("docker-registry").path;
  const server = scope.use(startProcess(program, ["serve", file("config.json")]));
  const [, host = ""] = await server.waitForStderr(/listening on (127\.0\.0\.1:\d+)/);
  const open = scope.move();
  const url = `http://${host}`;
  const headers: Record<string, string> =
    options.password === true ? { authorization: `Basic ${btoa("user:secret")}` } : {};
  return {
    host,
    url,
    async push(nameAndTag, image) {
      await pushImage(url, nameAndTag, { image, headers });
      return `${host}/${nameAndTag}`;
    },
    log: server.stderr,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
