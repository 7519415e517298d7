import type { dockerApi } from "../../../specs/index.ts";
import { ago } from "../../table/moments.ts";
import { type Columns, renderRows } from "../../table/rows.ts";
import { humanSize } from "../../table/sizes.ts";

/** A table of what keeps blobs and unpacked layers on the disk, and why it does. */
export function renderKeepers(
  keepers: readonly dockerApi.SpaceKeeper[],
  { format, now }: { format: string | undefined; now: number },
): string {
  const table = "{{.Size}}\t{{.Alone}}\t{{.What}}\t{{.LastUsed}}\t{{.Goes}}\t{{.Why}}";
  return renderRows(keepers, columnsAt(now), { format, table });
}

const columnsAt = (now: number): Columns<dockerApi.SpaceKeeper> => ({
  Size: { heading: "SIZE", value: ({ BlobBytes, LayerBytes }) => humanSize(BlobBytes + LayerBytes) },
  Alone: { heading: "FREE WITHOUT IT", value: ({ AloneBytes }) => humanSize(AloneBytes) },
  Blobs: { heading: "BLOBS", value: ({ BlobBytes }) => humanSize(BlobBytes) },
  Layers: { heading: "LAYERS", value: ({ LayerBytes }) => humanSize(LayerBytes) },
  What: { heading: "WHAT", value: whatOf },
  LastUsed: {
    heading: "LAST USED",
    value: ({ LastUsed }) => (LastUsed === undefined ? "" : ago(Date.parse(LastUsed) / 1000, now)),
  },
  Goes: { heading: "GOES", value: goesOf },
  Why: { heading: "WHY IT IS KEPT", value: whyOf },
});

/** Where the budget of the disk is passed. */
function goesOf({ Turn, Stays }: dockerApi.SpaceKeeper): string {
  if (Turn !== undefined) return `as number ${Turn}`;
  return Stays === undefined ? "" : `no: ${Stays}`;
}

function whatOf({ Kind, Id = "", Names }: dockerApi.SpaceKeeper): string {
  const [name = Id.replace("sha256:", "").slice(0, 12)] = Names.filter((each) => !each.includes("@"));
  if (Kind === "image") return `image ${name}`;
  return { repository: `repository ${name}`, use: "in use", nothing: "leftovers" }[Kind];
}

function whyOf({ Kind, Names, Containers }: dockerApi.SpaceKeeper): string {
  if (Kind === "repository") return "was pushed to a registry, or fetched by a mirror";
  if (Kind === "use") return "containers stand on it, or it is being made";
  if (Kind === "nothing") return "for nothing: tug image prune";
  const tags = Names.filter((each) => !each.includes("@"));
  const names =
    tags.length > 0
      ? `named ${tags.join(", ")}`
      : Names.length > 0
        ? "pulled or pushed by its digest"
        : "has lost its name: tug image prune";
  return Containers.length === 0 ? names : `${names}; containers ${Containers.join(", ")}`;
}
