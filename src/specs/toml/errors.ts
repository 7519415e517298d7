import { defineErrors } from "../../base/index.ts";

/** What can be wrong with a document in TOML. */
export const tomlError = defineErrors("TOML", {
  SYNTAX: { kind: "invalid", when: "a configuration file in TOML is malformed" },
});
