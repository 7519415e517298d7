import { formatPayload, judgeSignatures, readPrivateKey } from "../../../../signatures/index.ts";
import { dockerApi } from "../../../../specs/index.ts";
import { defineCommand } from "../../../arguments/command.ts";
import { list, text } from "../../../arguments/option.ts";
import { cliError } from "../../../errors.ts";
import { readPair } from "../../../values/key-values.ts";
import { credsOption, tlsVerifyOption } from "../remote/access.ts";
import { passwordFileOption, readKeyFile, readPassword } from "./key-files.ts";
import { findSignedImage, type SignedImage } from "./signed-image.ts";

export const signImage = defineCommand({
  path: ["image", "sign"],
  aliases: [],
  summary: "Sign an image, so that others can verify who vouches for it",
  args: { usage: "PLACE", least: 1, most: 1, completes: "images" },
  options: {
    annotation: list("NAME=VALUE", "Say more about the image in what is signed", {
      short: "a",
      read: readPair,
    }),
    creds: credsOption,
    key: text("FILE", "Private key, as cosign and tug image key generate write it", { completes: "files" }),
    name: text("NAME", "Sign it under this name; by default the name of the image"),
    "password-file": passwordFileOption,
    "tls-verify": tlsVerifyOption,
  },
  examples: [
    {
      line: "tug image sign --key cosign.key docker://localhost:5000/app:1",
      does: "Put a signature beside an image in a registry",
    },
    { line: "tug image sign --key cosign.key app:1", does: "Sign an image of the store, for its policy" },
  ],
  async run({ options, args: [text = ""], connect, context, signal }) {
    const { key: keyFile, "password-file": file } = options;
    if (keyFile === undefined) throw cliError("USAGE", "cannot sign: --key says with which private key");
    const askPassword = () => readPassword({ file, question: `Password for ${keyFile}: ` }, context);
    const key = await readPrivateKey(await readKeyFile(keyFile, context), keyFile, askPassword);
    const client = await connect();
    const image = await findSignedImage(client, text, { values: options, context, signal });
    const name = nameToSign(image, options.name, text);
    const { digest, signatures, place, access } = image;
    const done = `${name}@${digest}`;
    const optional = Object.fromEntries(options.annotation);
    const wanted = { key: key.publicKey, keyName: keyFile, digests: [digest] };
    const before = judgeSignatures(signatures, { ...wanted, acceptsName: (signed) => signed === name });
    const isSame = (claim: object) => JSON.stringify(claim) === JSON.stringify(optional);
    if (before.kind === "good" && before.claims.some((claim) => isSame(claim.optional))) {
      return { output: `Signed already: ${done}\n` };
    }
    const payload = formatPayload({ name, digest, optional });
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
    const signature = { Payload: base64(payload), Signature: base64(key.sign(payload)) };
    await client.images.remote.sign(place, signature, { ...access, signal });
    return { output: `Signed: ${done}\n` };
  },
});

/** The name in full, because readers compare it as a text. */
function nameToSign({ names }: SignedImage, given: string | undefined, text: string): string {
  if (given !== undefined) return dockerApi.fullReference(given);
  const [name, ...others] = names;
  if (name !== undefined && others.length === 0) return name.replace(/@.*$/, "");
  const reason = name === undefined ? "it has no name there" : "it has several names";
  throw cliError("USAGE", `cannot sign ${text}: ${reason}`, { hint: "give one with --name" });
}
