import {
  type Claim,
  formatPayload,
  gpgSigner,
  type ImageSignature,
  keySigner,
  readPrivateKey,
  type Signer,
} from "../../../../signatures/index.ts";
import type { CliContext } from "../../../context.ts";
import { cliError } from "../../../errors.ts";
import { exportGpgKey, signWithGpg } from "./gpg.ts";
import { readKeyFile, readPassword } from "./key-files.ts";

/** Who signs an image here. */
export type ImageSigner = {
  /** What checks the signatures of this one. */
  readonly verifier: Signer;
  /** Name of the key for people. */
  readonly name: string;
  sign(claim: Claim): Promise<ImageSignature>;
};

export type SignerOptions = {
  /** File of a private key as cosign has it. */
  readonly key?: string | undefined;
  /** What gpg finds a private key by. */
  readonly signBy?: string | undefined;
  readonly passwordFile: string | undefined;
  readonly context: CliContext;
  readonly signal: AbortSignal;
};

/** Gets a private key ready, or makes sure that gpg has one. @throws CLI_USAGE, CLI_GPG and what reading a key throws */
export async function openSigner({ key, signBy, ...options }: SignerOptions): Promise<ImageSigner> {
  if (key !== undefined && signBy !== undefined) {
    throw cliError("CONFLICT", "cannot sign: --key and --sign-by exclude each other");
  }
  if (key !== undefined) return await fileSigner(key, options);
  if (signBy !== undefined) return await gpgImageSigner(signBy, options);
  throw cliError("USAGE", "cannot sign: --key or --sign-by says with which private key");
}

async function fileSigner(
  file: string,
  { passwordFile, context }: Omit<SignerOptions, "key" | "signBy">,
): Promise<ImageSigner> {
  const askPassword = () => readPassword({ file: passwordFile, question: `Password for ${file}: ` }, context);
  const key = await readPrivateKey(await readKeyFile(file, context), file, askPassword);
  return {
    verifier: keySigner(key.publicKey),
    name: file,
    async sign(claim) {
      const payload = formatPayload(claim);
      return { payload, signature: Buffer.from(key.sign(payload)).toString("base64") };
    },
  };
}

/** Says who made the statement and when, as podman and skopeo do. */
async function gpgImageSigner(
  signer: string,
  { passwordFile, context, signal }: Omit<SignerOptions, "key" | "signBy">,
): Promise<ImageSigner> {
  const { env, cwd } = context;
  const caller = { env, cwd, signal };
  const verifier = gpgSigner([await exportGpgKey(signer, caller)], signer, context.now());
  return {
    verifier,
    name: signer,
    async sign({ optional, ...claim }) {
      const notes = { creator: `tug ${context.version}`, timestamp: Math.floor(context.now() / 1000) };
      const payload = formatPayload({ ...claim, optional: { ...notes, ...optional } }, "gpg");
      const password =
        passwordFile === undefined
          ? undefined
          : await readPassword({ file: passwordFile, question: "" }, context);
      const signature = {
        payload: await signWithGpg(payload, { signer, password, ...caller }),
        signature: "",
      };
      const opened = verifier.open(signature);
      if (opened.kind === "good") return signature;
      const reason = opened.kind === "bad" ? opened.reason : "it was made with another key";
      throw cliError("GPG", `cannot sign as ${signer}: nobody would take the signature: ${reason}`);
    },
  };
}
