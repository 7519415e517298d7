import { TugError } from "../../../base/index.ts";
import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, text } from "../../arguments/option.ts";
import { writeArchive } from "../archive-output.ts";
import { forEachName } from "../for-each-name.ts";
import { platformOption } from "./platform-option.ts";

export const tag = defineCommand({
  path: ["image", "tag"],
  aliases: [["tag"]],
  summary: "Give an image another name",
  args: { usage: "IMAGE NAME", least: 2, most: 2, completes: "images" },
  options: {},
  examples: [{ line: "tug tag debian:12 localhost:5000/base", does: "Name an image for another registry" }],
  async run({ args: [image = "", target = ""], connect }) {
    await (await connect()).images.tag(image, target);
    return {};
  },
});

export const removeImage = defineCommand({
  path: ["image", "rm"],
  aliases: [["rmi"], ["image", "remove"]],
  summary: "Remove images, or names of images",
  args: { usage: "IMAGE...", least: 1, completes: "images" },
  options: {
    force: flag("Remove it even if it is used, and do not mind missing ones", { short: "f" }),
    "no-prune": flag("Keep the images it was built on"),
  },
  examples: [{ line: "tug rmi debian:11", does: "Make room" }],
  async run({ options, args, connect, context }) {
    const { images } = await connect();
    return forEachName(context, args, async (name) => {
      try {
        const removed = await images.remove(name, { force: options.force, noPrune: options["no-prune"] });
        return removed.map(renderRemoved).join("");
      } catch (error) {
        if (options.force && error instanceof TugError && error.kind === "notFound") return "";
        throw error;
      }
    });
  },
});

export const save = defineCommand({
  path: ["image", "save"],
  aliases: [["save"]],
  summary: "Write images to an archive",
  args: { usage: "IMAGE...", least: 1, completes: "images" },
  options: {
    output: text("FILE", "Write to a file instead of stdout", { short: "o", completes: "files" }),
    platform: platformOption("Only the image for this platform, of one that has several"),
  },
  examples: [{ line: "tug save -o all.tar debian:12 busybox", does: "Carry images to another machine" }],
  async run({ options, args, connect, context, signal }) {
    const client = await connect();
    await writeArchive(client.images.save(args, { platform: options.platform, signal }), {
      context,
      file: options.output,
      verb: "save",
    });
    return {};
  },
});

/** One line about a name or an image that is gone. */
export function renderRemoved({ Untagged, Deleted }: dockerApi.ImageDeleted): string {
  return Deleted === undefined ? `Untagged: ${Untagged}\n` : `Deleted: ${Deleted}\n`;
}
