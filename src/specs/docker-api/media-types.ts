/** Media types of the API's bodies and streams. Source: swagger.yaml, `produces` of each operation. */
export const mediaTypes = {
  json: "application/json",
  jsonLines: "application/jsonl",
  jsonSequence: "application/json-seq",
  ndjson: "application/x-ndjson",
  tar: "application/x-tar",
  /** Bytes as they are: a terminal's output. */
  rawStream: "application/vnd.docker.raw-stream",
  /** Frames of stdout and stderr, see stream-frame.ts. */
  multiplexedStream: "application/vnd.docker.multiplexed-stream",
} as const;
