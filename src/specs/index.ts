export * as dockerApi from "./docker-api/index.ts";
