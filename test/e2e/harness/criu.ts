import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { debianProgram, type TugInstance } from "../../environment/index.ts";

/**
 * Lets an engine know where criu is: for `useEngine`. It is a script, which root alone can change wherever the program is,
 * and which does first what the file `before-criu` says in the instance's directory, if there is one.
 */
export async function configureCriu(instance: TugInstance): Promise<void> {
  const file = (name: string): string => join(instance.directory, name);
  const script = `#!/bin/sh
[ ! -e ${beforeCriu(instance)} ] || . ${beforeCriu(instance)}
exec ${debianProgram("criu").path} "$@"
`;
  await writeFile(file("criu"), script, { mode: 0o755 });
  await writeFile(file("config.yaml"), JSON.stringify({ criu: file("criu") }), { mode: 0o644 });
  Object.assign(instance.env, { TUG_CONFIG: file("config.yaml") });
}

/** The file with what is done before criu begins. */
export function beforeCriu({ directory }: Pick<TugInstance, "directory">): string {
  return join(directory, "before-criu");
}
