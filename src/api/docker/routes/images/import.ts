import type { dockerApi } from "../../../../specs/index.ts";
import type { DoorRequest } from "../../route.ts";
import type { ImagesPort, ImportRequest } from "./port.ts";
import { joinReference } from "./references.ts";

/** The half of POST /images/create that makes an image from an archive, which is the body where `fromSrc` is "-". */
export async function* importImage(
  images: ImagesPort,
  request: DoorRequest,
  platform: dockerApi.Platform | undefined,
): AsyncGenerator<dockerApi.ProgressMessage> {
  const { query, body, signal } = request;
  const source = query.text("fromSrc") ?? "-";
  const repository = query.text("repo");
  const asked: ImportRequest = {
    source: source === "-" ? body.stream : withScheme(source),
    name: repository === undefined ? undefined : joinReference(repository, query.text("tag")),
    comment: query.text("message") ?? `Imported from ${source}`,
    changes: query.all("changes"),
    platform,
  };
  yield { status: await images.import(asked, signal) };
}

/** Docker's client leaves the scheme out where its user did. */
function withScheme(address: string): string {
  return address.includes("://") ? address : `http://${address}`;
}
