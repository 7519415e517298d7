import { DEFAULT_CONTEXT, openContexts } from "../../../endpoints/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { text } from "../../arguments/option.ts";
import type { CliContext } from "../../context.ts";
import { inspectAll } from "../inspect-all.ts";
import { nameInUse } from "./list.ts";

export const inspectContext = defineCommand({
  path: ["context", "inspect"],
  aliases: [],
  summary: "Show everything about contexts but their keys",
  args: { usage: "[CONTEXT...]", least: 0, completes: "contexts" },
  options: { format: text("FORMAT", "json, or a template for each object", { short: "f" }) },
  examples: [
    { line: "tug context inspect -f {{.Endpoints.docker.Host}} build", does: "Print where the engine is" },
  ],
  async run({ options, args, context, globals }) {
    const names = args.length > 0 ? args : [await nameInUse({ context, globals })];
    return inspectAll({ context, names, find: (name) => describe(context, name), format: options.format });
  },
});

/** A context as Docker's client shows it. */
async function describe(context: CliContext, name: string): Promise<object> {
  const store = openContexts(context);
  if (name === DEFAULT_CONTEXT) {
    const Host = `unix://${context.engineSocket ?? ""}`;
    return {
      Name: name,
      Metadata: {},
      Endpoints: { docker: { Host, SkipTLSVerify: false } },
      TLSMaterial: {},
      Storage: { MetadataPath: "<IN MEMORY>", TLSPath: "<IN MEMORY>" },
    };
  }
  const { description, host, skipTlsVerify } = await store.find(name);
  const { metadata, tls } = store.placesOf(name);
  const { ca, cert, key } = await store.tlsOf(name);
  const files = [ca && "ca.pem", cert && "cert.pem", key && "key.pem"].filter(Boolean);
  return {
    Name: name,
    Metadata: description === "" ? {} : { Description: description },
    Endpoints: { docker: { Host: host ?? "", SkipTLSVerify: skipTlsVerify } },
    TLSMaterial: files.length === 0 ? {} : { docker: files },
    Storage: { MetadataPath: metadata, TLSPath: tls },
  };
}
