import {
  type Claim,
  gpgSigner,
  keySigner,
  maxGpgKeys,
  readPublicKey,
  type Signer,
  verifySignatures,
} from "../../../../signatures/index.ts";
import { defineCommand } from "../../../arguments/command.ts";
import { choice, text } from "../../../arguments/option.ts";
import type { CliContext } from "../../../context.ts";
import { cliError } from "../../../errors.ts";
import { printable } from "../../../terminal/printable.ts";
import { credsOption, tlsVerifyOption } from "../remote/access.ts";
import { readKeyBytes, readKeyFile } from "./key-files.ts";
import { findSignedImage, isSameRepository } from "./signed-image.ts";

export const verifyImage = defineCommand({
  path: ["image", "verify"],
  aliases: [],
  summary: "Verify that a key has signed an image",
  args: { usage: "PLACE", least: 1, most: 1, completes: "images" },
  repeatable: true,
  options: {
    creds: credsOption,
    format: choice("FORMAT", "As a line, or what was signed as JSON", { words: ["line", "json"] }),
    "gpg-key": text("FILE", "Public keys of GPG, as gpg --export writes them", { completes: "files" }),
    key: text("FILE", "Public key", { completes: "files" }),
    name: text("NAME", "Whose repository the signature must name; by default that of the image"),
    "tls-verify": tlsVerifyOption,
  },
  examples: [
    {
      line: "tug image verify --key cosign.pub docker://localhost:5000/app:1",
      does: "Know who vouches for an image before it is pulled",
    },
    {
      line: "tug image verify --gpg-key team.asc docker://localhost:5000/app:1",
      does: "Verify what gpg, podman or skopeo signed",
    },
    {
      line: "tug image verify --key cosign.pub --name debian docker://localhost:5000/mirror/debian",
      does: "Verify a copy that was signed under its first name",
    },
  ],
  async run({ options, args: [text = ""], connect, context, signal }) {
    const { key, "gpg-key": gpgKey, format } = options;
    const { signer, keyName } = await readSigner({ key, gpgKey }, context);
    const image = await findSignedImage(await connect(), text, {
      form: signer.form,
      values: options,
      context,
      signal,
    });
    const names = options.name === undefined ? image.names : [options.name];
    const acceptsName = (signed: string) =>
      names.length === 0 ||
      (signed === "" && options.name === undefined) ||
      names.some((name) => isSameRepository(name, signed));
    const wanted = { signer, keyName, digests: [image.digest], acceptsName };
    const claims = verifySignatures(image.signatures, wanted, text);
    if (format === "json") return { output: `${JSON.stringify(claims.map(asJson), null, 2)}\n` };
    return {
      output: `Verified: ${image.digest}, signed with ${keyName} ${namesIn(claims)}\n`,
    };
  },
});

type KeyOptions = { readonly key: string | undefined; readonly gpgKey: string | undefined };

async function readSigner(
  { key, gpgKey }: KeyOptions,
  context: CliContext,
): Promise<{ signer: Signer; keyName: string }> {
  if (key !== undefined && gpgKey !== undefined) {
    throw cliError("CONFLICT", "cannot verify: --key and --gpg-key exclude each other");
  }
  if (gpgKey !== undefined) {
    const data = await readKeyBytes(gpgKey, maxGpgKeys, context);
    return { signer: gpgSigner([data], gpgKey, context.now()), keyName: gpgKey };
  }
  if (key === undefined) {
    throw cliError("USAGE", "cannot verify: --key or --gpg-key says with which public key");
  }
  return { signer: keySigner(readPublicKey(await readKeyFile(key, context), key)), keyName: key };
}

function namesIn(claims: readonly Claim[]): string {
  const names = new Set(claims.map(({ name }) => name));
  const named = [...names].filter((name) => name !== "");
  return named.length === 0 ? "under no name" : `as ${printable(named.join(", "))}`;
}

function asJson({ name, digest, optional }: Claim): object {
  return { Name: name, Digest: digest, Optional: optional };
}
