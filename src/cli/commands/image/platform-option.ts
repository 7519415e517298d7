import { dockerApi } from "../../../specs/index.ts";
import { single } from "../../arguments/option.ts";

/** `--platform os/arch[/variant]`. */
export const platformOption = (help: string) =>
  single("OS/ARCH", help, { read: (value) => dockerApi.formatPlatform(dockerApi.parsePlatform(value)) });
