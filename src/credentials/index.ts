export { readConfigMember, writeConfigMember } from "./config-member.ts";
export { anonymous, type CredentialSource, type Credentials } from "./credentials.ts";
export { findCredentials } from "./find-credentials.ts";
export { forgetCredentials, type Kept, keepCredentials } from "./keep-credentials.ts";
export { type CredentialPlaces, credentialPlaces } from "./places.ts";
export { keyOfRegistry, registryName } from "./registry-name.ts";
