import { mkdir, open, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./store.ts";

/** A tree with everything that file systems have; `limited` leaves out what old formats of tar cannot say. */
export async function makeTree(directory: string, limited: boolean): Promise<void> {
  const at = (path: string) => join(directory, path);
  await mkdir(at("sub/deeper"), { recursive: true });
  await writeFile(at("empty"), "");
  await writeFile(at("file"), "content\n", { mode: 0o640 });
  await writeFile(at("sub/block"), Buffer.alloc(512, "b"));
  await writeFile(at("sub/blocks"), Buffer.alloc(100_000, "c"));
  await symlink("../file", at("sub/link"));
  await symlink("nowhere", at("dangling"));
  await run("ln", [at("file"), at("sub/hard")]);
  await run("ln", ["-P", at("dangling"), at("sub/hard-link-to-link")]);
  await run("mkfifo", [at("pipe")]);
  await run("mknod", [at("null"), "c", "1", "3"]);
  await run("mknod", [at("disk"), "b", "259", "300"]);
  await run("chown", ["1234:4321", at("sub/block")]);
  await run("chmod", ["6755", at("sub/blocks")]);
  await run("chmod", ["1777", at("sub")]);
  await utimes(at("sub/deeper"), 1_000_000_000, 1_000_000_000);
  if (limited) return;
  const long = join("sub", "l".repeat(120), "m".repeat(120));
  await mkdir(at(long), { recursive: true });
  await writeFile(at(join(long, "n".repeat(200))), "long");
  await symlink("t".repeat(300), at("long-target"));
  await run("sh", ["-c", "printf odd > \"$(printf 'caf\\303\\251 \\377\\001')\""], { cwd: directory });
  await writeFile(at("sparse"), "start");
  await truncate(at("sparse"), 5_000_000);
  const file = await open(at("sparse"), "r+");
  await file.write("middle", 2_000_000);
  await file.write("end", 4_999_997);
  await file.close();
  await run("chown", ["3000000:3000001", at("empty")]);
}
