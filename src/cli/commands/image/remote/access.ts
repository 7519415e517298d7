import { findCredentials } from "../../../../credentials/index.ts";
import type { dockerApi } from "../../../../specs/index.ts";
import { flag, text } from "../../../arguments/option.ts";
import type { CliContext } from "../../../context.ts";
import { formatAuth, placesOf } from "../../../registry-auth.ts";
import { repositoryOfPlace } from "../../../values/place.ts";

/** What the options say about one place. */
export type AccessValues = {
  readonly creds: string | undefined;
  readonly "tls-verify": boolean;
};

/** `--creds` and `--tls-verify`, for one of two places with a prefix: `--src-creds`. */
export const credsOption = text("USER:PASSWORD", "Credentials in the place of those that are kept");
export const tlsVerifyOption = flag("Insist on a good certificate", { initial: true });

/** How the engine shall speak to a place. */
export async function accessTo(
  place: string,
  values: AccessValues,
  context: CliContext,
): Promise<{ auth: dockerApi.RegistryAuth | undefined; insecure: boolean; daemon: string | undefined }> {
  const daemon = place.startsWith("docker-daemon:") ? context.env.DOCKER_HOST || undefined : undefined;
  return { auth: await authFor(place, values, context), insecure: !values["tls-verify"], daemon };
}

async function authFor(
  place: string,
  { creds }: AccessValues,
  context: CliContext,
): Promise<dockerApi.RegistryAuth | undefined> {
  const repository = repositoryOfPlace(place);
  if (repository === undefined) return undefined;
  if (creds !== undefined) {
    const [, username = creds, password = ""] = /^([^:]*):(.*)$/s.exec(creds) ?? [];
    return { username, password };
  }
  const found = await findCredentials(placesOf(context), { env: context.env })(repository);
  return found && formatAuth(found);
}
