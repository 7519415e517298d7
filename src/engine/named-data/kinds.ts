import { dockerApi } from "../../specs/index.ts";

/** What data under a name is for: a secret is given back to nobody, a config to whoever asks. */
export type DataKind = "secret" | "config";

/** Where the two kinds differ. */
export const dataKinds = {
  secret: {
    table: "secrets",
    most: dockerApi.MAX_SECRET,
    inUse: "SECRET_IN_USE",
    invalid: "SECRET_INVALID",
    nameTaken: "SECRET_NAME_TAKEN",
    notFound: "SECRET_NOT_FOUND",
  },
  config: {
    table: "configs",
    most: dockerApi.MAX_CONFIG,
    inUse: "CONFIG_IN_USE",
    invalid: "CONFIG_INVALID",
    nameTaken: "CONFIG_NAME_TAKEN",
    notFound: "CONFIG_NOT_FOUND",
  },
} as const;
