export * as dockerApi from "./docker-api/index.ts";
export * from "./oci-image/index.ts";
export * from "./oci-runtime/index.ts";
export * from "./toml/index.ts";
export * as webSocket from "./web-socket/index.ts";
