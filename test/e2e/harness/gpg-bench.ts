import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  type BuiltImage,
  buildImage,
  debianProgram,
  type GpgHome,
  makeGpgHome,
  type Registry,
  requireGpg,
  requireRoot,
  startRegistry,
  startTug,
  type TugInstance,
} from "../../environment/index.ts";

const server = debianProgram("docker-registry");
const skopeo = debianProgram("skopeo");

/** Two images that differ. */
export const [image, second] = ["a", "b"].map((content) =>
  buildImage({ layers: [{ entries: [{ path: "a", content }] }] }),
) as [BuiltImage, BuiltImage];

const { digest } = image.manifest;

/** Why there can be no such bench, or false. */
export function needsGpgBench(): string | false {
  return requireRoot() || requireGpg() || server.skip || skopeo.skip;
}

/** An engine and skopeo, which look for GPG signatures in one place, and a user with the keys team, other and old. */
export type GpgBench = AsyncDisposable & {
  readonly tug: TugInstance;
  readonly registry: Registry;
  readonly keys: GpgHome;
  /** Of the keys. The one called "old" expired in 2020. Public keys are in NAME.gpg, and as text in NAME.asc. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** Path of a file of the test. */
  file(name: string): string;
  /** The place of an image of the registry. */
  at(name: string): string;
  /** Where the signatures of an image lie. */
  signaturesOf(name: string): string;
  /** Runs a command of tug to its end. */
  attempt(...args: string[]): ReturnType<TugInstance["tug"]>;
  /** The same, which has to succeed; gives what it printed. */
  ok(...args: string[]): Promise<string>;
  skopeo(...args: string[]): Promise<{ stdout: string }>;
  /** Copies an image with skopeo. `policy` are the words that say by which policy. */
  copy(policy: readonly string[], ...args: string[]): Promise<{ stdout: string }>;
  /** Writes a policy that takes what a key has signed. */
  writePolicy(path: string, key: string, signedIdentity?: object): Promise<void>;
  /** The same, for `copy`. */
  policyOf(key: string, signedIdentity?: object): Promise<readonly string[]>;
  /** Says where signatures lie: at an address, by default in the directory "storage". */
  lookaside(address?: string, staging?: string): Promise<void>;
};

export async function openGpgBench(): Promise<GpgBench> {
  await using scope = new AsyncDisposableStack();
  const registry = scope.use(await startRegistry());
  const tug = scope.use(await startTug());
  const keys = scope.use(await makeGpgHome());
  const fingerprints: Record<string, string> = {};
  const file = (name: string) => join(tug.directory, name);
  const at = (name: string) => `docker://${registry.host}/${name}`;
  const attempt = (...args: string[]) => {
    const env = {
      ...keys.env,
      COSIGN_PASSWORD: "",
      LC_ALL: "C",
      TUG_POLICY: file("own-policy.json"),
      TUG_REGISTRIES_D: file("home/.config/containers/registries.d"),
    };
    return tug.tug(args, { cwd: tug.directory, env });
  };
  const ok = async (...args: string[]) => {
    const { code, stdout, stderr } = await attempt(...args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const skopeoRun = (...args: string[]) =>
    promisify(execFile)(skopeo.path, args, { env: { ...process.env, ...keys.env, HOME: file("home") } });
  const copy = (policy: readonly string[], ...args: string[]) =>
    skopeoRun(
      ...[...policy, "--tmpdir", tug.directory, "copy", "--quiet"],
      ...["--src-tls-verify=false", "--dest-tls-verify=false", ...args],
    );

  const writePolicy = async (path: string, key: string, signedIdentity?: object) => {
    const keyPath = file(`${key}.gpg`);
    const rule = { type: "signedBy", keyType: "GPGKeys", keyPath, ...(signedIdentity && { signedIdentity }) };
    const transports = { docker: { [registry.host]: [rule] }, dir: { "": [rule] } };
    await writeFile(path, JSON.stringify({ default: [{ type: "reject" }], transports }));
  };
  const policyOf = async (key: string, signedIdentity?: object) => {
    await writePolicy(file("policy.json"), key, signedIdentity);
    return ["--policy", file("policy.json")];
  };
  const lookaside = (address = `file://${file("storage")}`, staging?: string) =>
    writeFile(
      file("home/.config/containers/registries.d/all.yaml"),
      `default-docker:\n  lookaside: ${address}\n${staging ? `  lookaside-staging: ${staging}\n` : ""}`,
    );

  await mkdir(file("home/.config/containers/registries.d"), { recursive: true });
  await lookaside();
  await writeFile(file("own-policy.json"), JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }));
  for (const [name, ...words] of [
    ["team"],
    ["other"],
    ["old", "--faked-system-time", "20200101T000000"],
  ] as const) {
    fingerprints[name] = await keys.makeKey(`${name}@tug.example`, ...words);
    await writeFile(file(`${name}.gpg`), await keys.gpg("--export", `${name}@tug.example`));
    await writeFile(file(`${name}.asc`), await keys.gpg("--armor", "--export", `${name}@tug.example`));
  }
  const open = scope.move();
  return {
    tug,
    registry,
    keys,
    fingerprints,
    file,
    at,
    signaturesOf: (name) => file(`storage/${name}@${digest.replace(":", "=")}`),
    attempt,
    ok,
    skopeo: skopeoRun,
    copy,
    writePolicy,
    policyOf,
    lookaside,
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  };
}
