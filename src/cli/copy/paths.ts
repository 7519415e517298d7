import { resolve } from "node:path";
import type { CliContext } from "../context.ts";
import { cliError } from "../errors.ts";

/** One side of a copy. */
export type CopyPath =
  | { readonly kind: "container"; readonly container: string; readonly path: string }
  /** `path` is absolute and keeps the slash or dot at its end, `written` is as on the command line. */
  | { readonly kind: "local"; readonly path: string; readonly written: string }
  /** Standard input or output: an archive. */
  | { readonly kind: "stream" };

/**
 * Reads an argument of `cp`: `CONTAINER:PATH`, a path of this machine, or `-`. A path that begins with a slash or a dot is
 * this machine's, whatever colons it has.
 */
export function readCopyPath(text: string, { cwd }: Pick<CliContext, "cwd">): CopyPath {
  if (text === "-") return { kind: "stream" };
  const colon = text.indexOf(":");
  if (colon < 0 || text.startsWith("/") || text.startsWith(".")) {
    return { kind: "local", path: resolveKept(cwd, text), written: text };
  }
  const [container, path] = [text.slice(0, colon), text.slice(colon + 1)];
  if (container === "" || path === "") {
    throw cliError("COPY", `cannot copy ${text}: it must look like CONTAINER:PATH`);
  }
  return { kind: "container", container, path: path.startsWith("/") ? path : `/${path}` };
}

/** An absolute path whose end still says what the written one's did: that it means a directory, or what is in it. */
function resolveKept(cwd: string, text: string): string {
  const path = resolve(cwd, text);
  const end = /(^|\/)\.$/.test(text) ? "/." : text.endsWith("/") ? "/" : "";
  return path === "/" ? `/${end === "/." ? "." : ""}` : path + end;
}
