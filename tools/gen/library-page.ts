import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const docs = resolve(import.meta.dirname, "../../docs");

/** What marks the place of an example, and what stands there. */
const place = /^(<!-- (examples\/[\w-]+\.ts) -->\n)(?:```ts\n.*?^```\n)?/gms;

/** The page about the library: the page as it is, with the examples as they are. */
export function libraryPage(): string {
  const page = readFileSync(join(docs, "library.md"), "utf8");
  return page.replace(place, (_, mark: string, name: string) => {
    return `${mark}\`\`\`ts\n${readFileSync(join(docs, name), "utf8")}\`\`\`\n`;
  });
}
