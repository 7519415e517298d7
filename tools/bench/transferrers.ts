import { join } from "node:path";
import { debianProgram, removeTree } from "../../test/environment/index.ts";
import type { CommandLine, Contender, Transfer } from "./contender.ts";
import type { Fixture } from "./fixture.ts";

type TransferOptions = {
  /** From where the registry is called. */
  readonly reach?: "here" | "there";
  /** What says that a registry has no TLS; left out: nothing has to. */
  readonly insecure?: readonly string[];
};

/** The commands that docker and all who follow it have. */
export function transferBy(
  program: CommandLine,
  { reach = "here", insecure = [] }: TransferOptions = {},
): Transfer {
  return {
    bring: (image) => [...program, "pull", "--quiet", ...insecure, image[reach]],
    save: (image, file) => [...program, "save", "--output", file, image[reach]],
    push(image, target) {
      const tag = [...program, "tag", image[reach], target[reach]].join(" ");
      return [
        "sh",
        "-c",
        `${tag} && ${[...program, "push", "--quiet", ...insecure, target[reach]].join(" ")}`,
      ];
    },
    load: (_, file) => [...program, "load", "--quiet", "--input", file],
    forget: (image, target) => [...program, "rmi", image[reach], ...(target ? [target[reach]] : [])],
  };
}

/** skopeo between an image layout, archives and registries; it keeps nothing itself. */
export function skopeoContender({ directory }: Fixture): Contender[] {
  const { path, skip } = debianProgram("skopeo");
  if (skip !== false) return [];
  const place = join(directory, "skopeo");
  const layout = `oci:${place}:image`;
  const copy = (from: string, to: string, ...options: string[]): CommandLine => [
    path,
    "--insecure-policy",
    "copy",
    "--quiet",
    ...options,
    from,
    to,
  ];
  return [
    {
      name: "skopeo",
      version: "between an image layout, archives and registries",
      transfer: {
        bring: ({ here }) => copy(`docker://${here}`, layout, "--src-tls-verify=false"),
        save: (_, file) => copy(layout, `docker-archive:${file}:bench/image:latest`),
        push: (_, { here }) => copy(layout, `docker://${here}`, "--dest-tls-verify=false"),
        load: (_, file) => copy(`docker-archive:${file}`, layout),
        forget: () => ["rm", "-rf", place],
      },
      [Symbol.asyncDispose]: () => removeTree(place),
    },
  ];
}
