import { mkdirSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { createKeyedMutex } from "../../base/index.ts";
import { createLimiter } from "../limiter.ts";

/** How the kernel gets at the files of a layer. */
export type LayerAccess = {
  /** Past their page cache, which would keep everything twice. */
  readonly direct: boolean;
  /** By loop devices, where it does not take the files themselves. */
  readonly loop: boolean;
};

/** What mounts indexed layers: a directory with `layerFiles` on another one, read-only. */
export interface LayerMounter {
  mount(layer: { directory: string; path: string }, access: LayerAccess): Promise<void>;
  /** Takes off what is mounted, also if it is in use, and removes the directory; neither has to be there. */
  unmount(path: string): Promise<void>;
  /** All directories of the machine on which something is mounted. */
  mounted(): Promise<ReadonlySet<string>>;
  /**
   * Tries whether a directory can be below two overlays, as that of a container with containers is.
   *
   * @param scratch an empty directory, which is gone afterwards
   */
  stack(path: string, scratch: string): Promise<void>;
}

export type LayerMountsOptions = {
  /** Directory for the places; what is not wanted below it is unmounted. */
  root: string;
  mounter: LayerMounter;
  /** Tells how layers can be mounted here; asked when the first one is to be, and again only where it could not tell. */
  probe: () => Promise<LayerAccess>;
};

/** The places where indexed layers are mounted, one for each, which all containers share. */
export interface LayerMounts {
  /** How layers are mounted here. @throws what the probe throws */
  access(): Promise<LayerAccess>;
  /** Where a layer of that name is, or will be. */
  path(name: string): string;
  /**
   * Mounts a layer that has just been written. Its files are in the page cache, from where the first containers read them;
   * past it they would wait for the disk.
   */
  mount(name: string, directory: string): Promise<void>;
  /** A layer of the same name that is mounted later stays. */
  unmount(name: string): Promise<void>;
  /**
   * Unmounts what is not among the layers, and mounts those that are not mounted, as after a reboot.
   *
   * @param layers directories by name
   * @param failed is called for a layer that cannot be mounted; there is nothing in its place then
   */
  restore(layers: ReadonlyMap<string, string>, failed: (name: string, error: unknown) => void): Promise<void>;
}

/** How many are mounted at once after a reboot. */
const parallel = 8;

export function createLayerMounts({ root, mounter, probe }: LayerMountsOptions): LayerMounts {
  const turns = createKeyedMutex();
  let probed: Promise<LayerAccess> | undefined;

  function access(): Promise<LayerAccess> {
    probed ??= probe().catch((error: unknown) => {
      probed = undefined;
      throw error;
    });
    return probed;
  }

  const path = (name: string): string => join(root, name);

  type Adapt = (access: LayerAccess) => LayerAccess;

  function mount(name: string, directory: string, adapt: Adapt): Promise<void> {
    return turns.run(name, async () => {
      const how = adapt(await access());
      mkdirSync(path(name), { recursive: true, mode: 0o711 });
      try {
        await mounter.mount({ directory, path: path(name) }, how);
      } catch (error) {
        await mounter.unmount(path(name));
        throw error;
      }
    });
  }

  const unmount = (name: string): Promise<void> => turns.run(name, () => mounter.unmount(path(name)));

  return {
    access,
    path,
    mount: (name, directory) => mount(name, directory, whileCached),
    unmount,
    async restore(layers, failed) {
      await mkdir(root, { recursive: true, mode: 0o711 });
      const mounted = await mounter.mounted();
      const limit = createLimiter(parallel);
      const unwanted = (await readdir(root)).filter((name) => !layers.has(name));
      const wanted = [...layers].filter(([name]) => !mounted.has(path(name)));
      await Promise.all([
        ...unwanted.map((name) => limit(() => unmount(name))),
        ...wanted.map(([name, directory]) =>
          limit(() => mount(name, directory, (access) => access).catch((error) => failed(name, error))),
        ),
      ]);
    },
  };
}

/** Where the kernel takes files, it takes them either way. */
function whileCached(access: LayerAccess): LayerAccess {
  return access.loop ? access : { ...access, direct: false };
}
