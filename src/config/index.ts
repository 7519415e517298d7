export {
  type Config,
  configFile,
  type DiskConfig,
  parseConfig,
  type RuntimeConfig,
  readConfig,
} from "./read-config.ts";
