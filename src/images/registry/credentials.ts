/** How to prove who asks. A registry token is used as it is; an identity token is exchanged for one. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string }
  | { readonly registryToken: string };

/**
 * Finds the credentials for a registry, as a reference names it (`docker.io`, `localhost:5000`); undefined where
 * there are none.
 */
export type CredentialSource = (domain: string, signal?: AbortSignal) => Promise<Credentials | undefined>;

/** For those who have no credentials. */
export const anonymous: CredentialSource = () => Promise.resolve(undefined);
