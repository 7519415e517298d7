import * as v from "valibot";
import { flag, integer, optional, struct, text, textMap, texts } from "./fields.ts";

/** Mount propagation modes in the kernel's words. Source: swagger.yaml, `Mount.BindOptions.Propagation`. */
export const propagations = ["private", "rprivate", "shared", "rshared", "slave", "rslave"] as const;

export type Propagation = (typeof propagations)[number];

/** An entry of HostConfig.Mounts. Source: swagger.yaml, `Mount`. */
export const mount = struct({
  Type: optional(v.picklist(["bind", "volume", "tmpfs", "image", "npipe", "cluster"])),
  Source: optional(text),
  Target: optional(text),
  ReadOnly: optional(flag),
  Consistency: optional(text),
  BindOptions: optional(
    struct({
      Propagation: optional(v.picklist([...propagations, ""])),
      NonRecursive: optional(flag),
      CreateMountpoint: optional(flag),
      ReadOnlyNonRecursive: optional(flag),
      ReadOnlyForceRecursive: optional(flag),
    }),
  ),
  VolumeOptions: optional(
    struct({
      NoCopy: optional(flag),
      Labels: optional(textMap),
      Subpath: optional(text),
      DriverConfig: optional(struct({ Name: optional(text), Options: optional(textMap) })),
    }),
  ),
  ImageOptions: optional(struct({ Subpath: optional(text) })),
  TmpfsOptions: optional(
    struct({ SizeBytes: optional(integer), Mode: optional(integer), Options: optional(v.array(texts)) }),
  ),
});

export type Mount = v.InferOutput<typeof mount>;
