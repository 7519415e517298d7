export { type Config, configFile, parseConfig, type RuntimeConfig, readConfig } from "./read-config.ts";
