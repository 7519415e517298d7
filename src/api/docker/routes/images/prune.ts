import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import { matchesLabel } from "../containers/list-filters.ts";
import type { Image } from "./port.ts";
import { renderRemoved } from "./references.ts";
import type { ImagesHandler } from "./routes.ts";

const filterNames = ["dangling", "label", "label!", "until"];

/** POST /images/prune */
export const pruneImages: ImagesHandler = async (images, request) => {
  const filters = dockerApi.parseFilters(request.query.text("filters"), filterNames);
  const [dangling = "true"] = filters.get("dangling") ?? [];
  const fits = fitting(filters, Date.now());
  const { removed, freedBytes } = await images.prune({ all: ["false", "0"].includes(dangling), fits });
  const answer: dockerApi.ImagesPruned = {
    ImagesDeleted: removed.length === 0 ? null : removed.map(renderRemoved),
    SpaceReclaimed: freedBytes,
  };
  return json(answer);
};

/** Source: swagger.yaml, operation `ImagePrune` */
function fitting(filters: dockerApi.Filters, now: number): (image: Image) => boolean {
  const untils = (filters.get("until") ?? []).map((text) => momentOf(text, now));
  const labels = filters.get("label") ?? [];
  const others = filters.get("label!") ?? [];
  return ({ createdAt, config }) => {
    const has = (label: string) => matchesLabel(config.Labels ?? {}, label);
    const created = createdAt === undefined ? 0 : Date.parse(createdAt);
    return untils.every((until) => created < until) && labels.every(has) && !others.some(has);
  };
}

const seconds: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };

/** A moment, seconds since 1970, or a time before now such as 24h or 1h30m; in milliseconds. */
function momentOf(text: string, now: number): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (/^(\d+(\.\d+)?[hms])+$/.test(text)) {
    const parts = text.matchAll(/(\d+(?:\.\d+)?)([hms])/g);
    const past = [...parts].reduce(
      (sum, [, number, unit = "s"]) => sum + Number(number) * (seconds[unit] ?? 1),
      0,
    );
    return now - past * 1000;
  }
  const moment = Date.parse(text);
  if (!Number.isNaN(moment)) return moment;
  throw doorError("QUERY", `invalid until filter: "${text}" is no moment and no time such as 24h`);
}
