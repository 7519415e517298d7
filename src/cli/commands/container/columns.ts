import type { dockerApi } from "../../../specs/index.ts";
import { ago, plainMoment } from "../../table/moments.ts";
import type { Columns } from "../../table/rows.ts";
import { ellipsis, shortId } from "../../table/shorten.ts";
import { humanSize } from "../../table/sizes.ts";
import { renderPorts } from "./ports.ts";

/**
 * What lists of containers can show.
 *
 * @param how.full do not shorten anything
 */
export function containerColumns(how: { full: boolean; now: number }): Columns<dockerApi.ContainerSummary> {
  const { full, now } = how;
  return {
    ID: { heading: "CONTAINER ID", value: ({ Id }) => (full ? Id : shortId(Id)) },
    Names: { heading: "NAMES", value: ({ Names }) => Names.map((name) => name.replace(/^\//, "")).join(",") },
    Image: { heading: "IMAGE", value: (container) => imageOf(container, full) },
    Command: { heading: "COMMAND", value: ({ Command }) => `"${full ? Command : ellipsis(Command, 20)}"` },
    CreatedAt: { heading: "CREATED AT", value: ({ Created }) => plainMoment(Created) },
    RunningFor: { heading: "CREATED", value: ({ Created }) => ago(Created, now) },
    Ports: { heading: "PORTS", value: ({ Ports }) => renderPorts(Ports) },
    State: { heading: "STATE", value: ({ State }) => State },
    Status: { heading: "STATUS", value: ({ Status }) => Status },
    HealthStatus: { heading: "HEALTH STATUS", value: healthOf },
    Size: { heading: "SIZE", value: sizeOf },
    Labels: { heading: "LABELS", value: ({ Labels }) => renderLabels(Labels) },
    Label: {
      heading: "",
      value:
        ({ Labels }) =>
        (name) =>
          Object.hasOwn(Labels, name) ? (Labels[name] ?? "") : "",
    },
    Mounts: {
      heading: "MOUNTS",
      value: ({ Mounts }) => Mounts.map(({ Name, Source }) => shortened(Name || Source, full)).join(","),
    },
    LocalVolumes: {
      heading: "LOCAL VOLUMES",
      value: ({ Mounts }) => String(Mounts.filter(({ Driver }) => Driver === "local").length),
    },
    Networks: {
      heading: "NETWORKS",
      value: ({ NetworkSettings }) => Object.keys(NetworkSettings.Networks).join(","),
    },
  };
}

/** The name that the container was made from, without its digest, or the image's id where that was given. */
function imageOf({ Image, ImageID }: dockerApi.ContainerSummary, full: boolean): string {
  if (full) return Image;
  if (shortId(ImageID) === shortId(Image)) return shortId(ImageID);
  return Image.replace(/@sha256:[0-9a-f]{64}$/, "");
}

function healthOf({ Health }: dockerApi.ContainerSummary): string {
  return Health === undefined || Health.Status === "none" ? "" : Health.Status;
}

function sizeOf({ SizeRw = 0, SizeRootFs = 0 }: dockerApi.ContainerSummary): string {
  return SizeRootFs > 0 ? `${humanSize(SizeRw)} (virtual ${humanSize(SizeRootFs)})` : humanSize(SizeRw);
}

/** `a=1,b=2`, sorted. */
export function renderLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .toSorted()
    .join(",");
}

function shortened(name: string, full: boolean): string {
  return full ? name : ellipsis(name, 15);
}
