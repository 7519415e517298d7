import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { outputOf } from "../../tools/test/command.ts";

/** Makes an ext4 image that holds a directory's content, without mounting it. `bytes` is the size of its disk. */
export async function makeExt4Image(
  image: string,
  from: { directory: string; packages: string; bytes: number },
): Promise<void> {
  await writeFile(image, "");
  await truncate(image, from.bytes);
  await outputOf(
    join(from.packages, "usr/sbin/mke2fs"),
    ["-q", "-t", "ext4", "-E", "nodiscard,lazy_itable_init=1", "-d", from.directory, image],
    { env: { MKE2FS_CONFIG: join(from.packages, "etc/mke2fs.conf") } },
  );
}
