import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Client } from "../../../../api/docker/client/index.ts";
import { messageOf } from "../../../../base/index.ts";
import type { dockerApi } from "../../../../specs/index.ts";
import { defineCommand } from "../../../arguments/command.ts";
import { flag, text } from "../../../arguments/option.ts";
import type { CliContext } from "../../../context.ts";
import { cliError } from "../../../errors.ts";
import { absolutePlace } from "../../../values/place.ts";
import { platformOption } from "../platform-option.ts";
import { showTransfer } from "../show-transfer.ts";
import { openSigner } from "../signature/image-signer.ts";
import { passwordFileOption } from "../signature/key-files.ts";
import { signByOption } from "../signature/sign.ts";
import { signPlace } from "../signature/sign-place.ts";
import { accessTo, credsOption, tlsVerifyOption } from "./access.ts";

export const copyImage = defineCommand({
  path: ["image", "copy"],
  aliases: [["image", "cp"]],
  summary: "Copy an image from one place to another as it is",
  args: { usage: "SOURCE TARGET", least: 2, most: 2, completes: "images" },
  options: {
    all: flag("All images of an index, and the index", { short: "a" }),
    "dest-creds": credsOption,
    "dest-tls-verify": tlsVerifyOption,
    digestfile: text("FILE", "Write the digest of the copy to a file", { completes: "files" }),
    platform: platformOption("Of an index the image for this platform; by default that for this machine"),
    quiet: flag("Print the digest only", { short: "q" }),
    "sign-by": signByOption,
    "sign-identity": text("NAME", "Sign the copy under this name; by default that of the target"),
    "sign-passphrase-file": passwordFileOption,
    signatures: flag("Also the signatures that lie beside the image"),
    "src-creds": credsOption,
    "src-tls-verify": tlsVerifyOption,
  },
  examples: [
    {
      line: "tug image copy docker://debian:12 docker://localhost:5000/debian:12",
      does: "Copy from registry to registry without keeping anything here",
    },
    {
      line: "tug image copy --all docker://debian:12 oci:debian:12",
      does: "Keep all platforms in a directory",
    },
    {
      line: "tug image copy --sign-by team@example.org app:1 docker://localhost:5000/app:1",
      does: "Sign the copy with gpg as well",
    },
  ],
  async run({ options, args: [source = "", target = ""], connect, context, signal }) {
    const { "sign-by": signBy, "sign-identity": name, "sign-passphrase-file": passwordFile } = options;
    const signer = signBy && (await openSigner({ signBy, passwordFile, context, signal }));
    const targetAccess = { creds: options["dest-creds"], "tls-verify": options["dest-tls-verify"] };
    const copying = await copyRequest(
      {
        source,
        target,
        all: options.all,
        signatures: options.signatures,
        platform: options.platform,
        sourceAccess: { creds: options["src-creds"], "tls-verify": options["src-tls-verify"] },
        targetAccess,
      },
      context,
    );
    const { quiet, digestfile } = options;
    const client = await connect();
    const { Digest } = await runCopy(client, copying, { context, quiet, signal });
    if (signer) {
      const signing = { signer, name, nameOption: "--sign-identity", optional: {} };
      await signPlace(client, target, { ...signing, values: targetAccess, context, signal });
    }
    if (digestfile !== undefined) await writeDigest(resolve(context.cwd, digestfile), Digest);
    return { output: quiet ? `${Digest}\n` : "" };
  },
});

export type CopyOptions = {
  readonly source: string;
  readonly target: string;
  readonly all: boolean;
  readonly signatures: boolean;
  readonly platform: string | undefined;
  readonly sourceAccess: Parameters<typeof accessTo>[1];
  readonly targetAccess: Parameters<typeof accessTo>[1];
};

/** What the engine is asked for. */
export async function copyRequest(
  { source, target, all, signatures, platform, sourceAccess, targetAccess }: CopyOptions,
  context: CliContext,
): Promise<dockerApi.CopyBody> {
  const body = async (place: string, values: Parameters<typeof accessTo>[1]) => {
    const { auth, insecure, daemon } = await accessTo(place, values, context);
    return { Auth: auth, Insecure: insecure, Daemon: daemon };
  };
  return {
    Source: absolutePlace(source, context.cwd),
    Target: absolutePlace(target, context.cwd),
    Platform: platform,
    All: all,
    Signatures: signatures,
    SourceAccess: await body(source, sourceAccess),
    TargetAccess: await body(target, targetAccess),
  };
}

/** Copies, shows the progress, and gives what the engine says in the end. */
export async function runCopy(
  client: Client,
  body: dockerApi.CopyBody,
  { context, quiet, signal }: { context: CliContext; quiet: boolean; signal: AbortSignal },
): Promise<dockerApi.CopiedAux> {
  let copied: dockerApi.CopiedAux | undefined;
  const messages = async function* () {
    for await (const message of client.images.remote.copy(body, { signal })) {
      if (message.aux !== undefined && "Changed" in message.aux) copied = message.aux;
      yield message;
    }
  };
  await showTransfer(messages(), quiet, context);
  if (copied !== undefined) return copied;
  throw cliError("FAILED", `cannot copy ${body.Source}: the engine did not say that it was done`);
}

async function writeDigest(path: string, digest: string): Promise<void> {
  try {
    await writeFile(path, digest);
  } catch (cause) {
    throw cliError("FILE", `cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
}
