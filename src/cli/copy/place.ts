import { cliError } from "../errors.ts";

/** What is copied. */
export type CopySource = {
  /** As it was written. */
  readonly path: string;
  readonly directory: boolean;
};

/** Where it is to go. */
export type CopyTarget = {
  /** As it was written. */
  readonly path: string;
  /** Undefined when there is nothing yet. */
  readonly found: "directory" | "file" | undefined;
};

/** An existing directory, and the name in it that what is copied gets; "": its contents go straight into the directory. */
export type CopyPlace = { readonly directory: string; readonly name: string };

/**
 * Where a copy goes, by the rules of `docker cp`: into a directory that is there, over a file that is there, and else to
 * the name that was written, whose directory must be there.
 * Source: https://docs.docker.com/reference/cli/docker/container/cp/#description
 *
 * @throws CLI_COPY
 */
export function placeCopy(source: CopySource, target: CopyTarget): CopyPlace {
  const contents = source.directory && meansContents(source.path);
  const name = baseName(source.path);
  if (target.found === "directory") return { directory: target.path, name: contents ? "" : name };
  if (target.found === "file" && source.directory) {
    throw cliError("COPY", `cannot copy a directory to ${target.path}: it is a file`);
  }
  if (target.found === "file" && meansDirectory(target.path)) {
    throw cliError("COPY", `cannot copy to ${target.path}: it is not a directory`);
  }
  if (target.found === undefined && !source.directory && meansDirectory(target.path)) {
    throw cliError("COPY", `cannot copy to ${target.path}: no such directory`, {
      hint: "make the directory first, or leave out the slash at the end",
    });
  }
  const path = target.path.replace(/\/+$/, "").replace(/\/\.$/, "");
  return { directory: parentOf(path), name: baseName(path) };
}

/** Whether a path says that it is a directory: it ends with a slash or a dot. */
export function meansDirectory(path: string): boolean {
  return path.endsWith("/") || isDot(path);
}

/** Whether a path means what is in a directory: `DIR/.` */
function meansContents(path: string): boolean {
  return isDot(path) || baseName(path) === "";
}

function isDot(path: string): boolean {
  return path === "." || path.endsWith("/.");
}

/** The last name of a path; "" for the root. */
export function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  return trimmed.slice(trimmed.lastIndexOf("/") + 1);
}

/** The directory that a path is in; that of a plain name is ".". */
export function parentOf(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  const slash = trimmed.lastIndexOf("/");
  return slash < 0 ? "." : trimmed.slice(0, slash) || "/";
}
