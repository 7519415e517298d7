import { defineCommand } from "../../../arguments/command.ts";
import { list, text } from "../../../arguments/option.ts";
import { readPair } from "../../../values/key-values.ts";
import { credsOption, tlsVerifyOption } from "../remote/access.ts";
import { openSigner } from "./image-signer.ts";
import { passwordFileOption } from "./key-files.ts";
import { signPlace } from "./sign-place.ts";

export const signByOption = text(
  "KEY",
  "Sign with a private key of gpg: a fingerprint, or what gpg finds it by",
);

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
    "sign-by": signByOption,
    "tls-verify": tlsVerifyOption,
  },
  examples: [
    {
      line: "tug image sign --key cosign.key docker://localhost:5000/app:1",
      does: "Put a signature beside an image in a registry",
    },
    {
      line: "tug image sign --sign-by team@example.org docker://localhost:5000/app:1",
      does: "Sign with gpg, where registries.d says that signatures lie",
    },
    { line: "tug image sign --key cosign.key app:1", does: "Sign an image of the store, for its policy" },
  ],
  async run({ options, args: [text = ""], connect, context, signal }) {
    const { key, "sign-by": signBy, "password-file": passwordFile, name, annotation } = options;
    const signer = await openSigner({ key, signBy, passwordFile, context, signal });
    const optional = Object.fromEntries(annotation);
    const request = { signer, name, nameOption: "--name", optional, values: options, context, signal };
    const { image, isOld } = await signPlace(await connect(), text, request);
    return { output: `${isOld ? "Signed already" : "Signed"}: ${image}\n` };
  },
});
