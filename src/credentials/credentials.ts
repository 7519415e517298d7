/** How to prove who asks. A registry token is used as it is; an identity token is exchanged for one. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string }
  | { readonly registryToken: string };

/**
 * Finds the credentials for a registry or a repository, named as references name it: `docker.io`,
 * `localhost:5000/team/app`; undefined where there are none.
 */
export type CredentialSource = (name: string, signal?: AbortSignal) => Promise<Credentials | undefined>;

/** For those who have no credentials. */
export const anonymous: CredentialSource = () => Promise.resolve(undefined);
