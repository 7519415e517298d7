export { parseToml, type TomlTable, type TomlValue } from "./parse.ts";
