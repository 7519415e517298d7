import { type FollowOptions, followLog } from "./follow-log.ts";
import { type LogFiles, openLogFiles } from "./log-files.ts";
import { findTail, findTime, type RecordFilter } from "./positions.ts";
import { createLogRenderer, type LogFormat, type LogSelection } from "./render-records.ts";
import { type Lines, readLines } from "./whole-lines.ts";

export type LogQuery = LogSelection &
  LogFormat & {
    /** Number of last lines among those selected; left out: all. */
    readonly tail?: number | undefined;
  };

/**
 * A log as bytes for a client, oldest first, across rotated files.
 *
 * @param path the newest file; older ones are `path.1` and up
 * @param follow left out: ends with what there is
 */
export async function* readLog(
  path: string,
  query: LogQuery,
  follow?: Omit<FollowOptions, "from">,
): AsyncGenerator<Buffer> {
  const renderer = createLogRenderer(query, query);
  for await (const lines of linesOf(path, query, follow)) {
    const bytes = renderer.render(lines);
    if (bytes.length > 0) yield bytes;
    if (renderer.ended) return;
  }
}

async function* linesOf(
  path: string,
  query: LogQuery,
  follow: Omit<FollowOptions, "from"> | undefined,
): AsyncGenerator<Lines> {
  const files = await openLogFiles(path);
  let own = true;
  try {
    let position = await beginOf(files, query);
    for await (const lines of readLines(files, position)) {
      position = lines.position + lines.end;
      yield lines;
    }
    if (follow === undefined) return;
    own = false;
    await files.closeOlder();
    const { newest, size } = files;
    const offset = newest === undefined ? 0 : Math.max(0, position - (size - newest.size));
    yield* followLog(path, { ...follow, from: newest && { file: newest.file, offset } });
  } finally {
    if (own) await files.close();
  }
}

async function beginOf(files: LogFiles, { since, until, tail, ...outputs }: LogQuery): Promise<number> {
  const least = since === undefined ? 0 : await findTime(files, since);
  if (tail === undefined) return least;
  const wanted: RecordFilter = (isStderr, time) =>
    (isStderr ? outputs.stderr : outputs.stdout) &&
    (since === undefined || time >= since) &&
    (until === undefined || time <= until);
  return await findTail(files, tail, { least, wanted });
}
