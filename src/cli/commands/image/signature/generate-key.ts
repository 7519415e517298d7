import { open, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { messageOf, openNewFile } from "../../../../base/index.ts";
import { makeKeyFiles } from "../../../../signatures/index.ts";
import { defineCommand } from "../../../arguments/command.ts";
import type { CliContext } from "../../../context.ts";
import { cliError } from "../../../errors.ts";
import { passwordFileOption, readPassword } from "./key-files.ts";

export const generateKey = defineCommand({
  path: ["image", "key", "generate"],
  aliases: [],
  summary: "Make a pair of keys for signatures of images, as cosign has them",
  args: { usage: "[PREFIX]", least: 0, most: 1 },
  options: { "password-file": passwordFileOption },
  examples: [
    { line: "tug image key generate", does: "Be asked for a password, and get cosign.key and cosign.pub" },
    { line: "COSIGN_PASSWORD=... tug image key generate release", does: "Get release.key and release.pub" },
  ],
  async run({ options, args: [prefix = "cosign"], context }) {
    const path = resolve(context.cwd, prefix);
    const [privatePath, publicPath] = [`${path}.key`, `${path}.pub`];
    const question = `Password for ${prefix}.key: `;
    const password = await readPassword({ file: options["password-file"], question, isNew: true }, context);
    const keys = await makeKeyFiles(password);
    await writeNew(privatePath, { data: keys.privateKey, isSecret: true }, context);
    try {
      await writeNew(publicPath, { data: keys.publicKey, isSecret: false }, context);
    } catch (error) {
      await rm(privatePath, { force: true });
      throw error;
    }
    return { output: `Private key: ${privatePath}\nPublic key: ${publicPath}\n` };
  },
});

/** Keys are never written over: whatever they signed could not be verified any more. */
async function writeNew(
  path: string,
  { data, isSecret }: { data: string; isSecret: boolean },
  { umask }: CliContext,
): Promise<void> {
  try {
    await using file = isSecret ? await open(path, "wx", 0o600) : await openNewFile(path, umask);
    await file.writeFile(data);
    await file.sync();
  } catch (cause) {
    throw cliError("FILE", `cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
}
