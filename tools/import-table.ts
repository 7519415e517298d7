/**
 * What each folder of src/ may import besides itself, and why. A folder is used through its `index.ts` only.
 * `api/docker/client` is a folder of its own: the part of the Docker door that a client needs.
 */
export const importTable: Readonly<Record<string, { may: readonly string[]; because: string }>> = {
  base: { may: [], because: "everybody reads it" },
  tar: { may: ["base"], because: "a format that images, containers and the command line have in common" },
  erofs: {
    may: ["base", "tar"],
    because: "a format of trees of files, which knows neither images nor mounts",
  },
  specs: { may: ["base"], because: "types and parsers of what others defined, without behaviour" },
  credentials: {
    may: ["base"],
    because: "the command line keeps what the images use, and neither may know the other",
  },
  endpoints: {
    may: ["base", "credentials"],
    because:
      "where other engines are, and how to get there: Docker's config.json has contexts and credentials",
  },
  openpgp: {
    may: ["base"],
    because: "a format of keys and signed messages, which knows nothing of images",
  },
  signatures: {
    may: ["base", "openpgp"],
    because: "the command line signs with keys that the images never see, and both verify",
  },
  cdi: {
    may: ["base"],
    because: "what files say about devices, which knows neither containers nor the host",
  },
  config: {
    may: ["base"],
    because: "what the machine's administrator says, which knows nothing of containers",
  },
  plan: { may: ["base", "specs"], because: "the helper's vocabulary is pure and testable anywhere" },
  helper: {
    may: ["base", "specs", "plan"],
    because: "the one place that starts the C program and hands it plans",
  },
  host: {
    may: ["base", "specs", "plan", "helper"],
    because: "facts about this machine, pure parsers and one probe",
  },
  systemd: { may: ["base"], because: "a client of the service manager, which knows no containers" },
  runtime: {
    may: ["base", "specs", "plan", "helper", "host", "systemd"],
    because: "the only place that knows namespaces",
  },
  images: {
    may: ["base", "tar", "erofs", "specs", "credentials", "signatures", "plan", "helper", "host"],
    because: "never runtime, never network: peers meet in engine",
  },
  network: {
    may: ["base", "specs", "plan", "helper", "host"],
    because: "never runtime, never images: peers meet in engine",
  },
  build: { may: ["base", "specs", "host", "images"], because: "declares the RunStep port it needs" },
  engine: {
    may: [
      "base",
      "tar",
      "specs",
      "credentials",
      "signatures",
      "cdi",
      "config",
      "plan",
      "helper",
      "host",
      "runtime",
      "images",
      "network",
      "build",
    ],
    because: "orchestration of everything below it",
  },
  "api/docker": { may: ["base", "specs", "engine"], because: "a door holds no state" },
  "api/cri": { may: ["base", "specs", "engine"], because: "a door holds no state" },
  "api/docker/client": { may: ["base", "specs"], because: "a client knows the protocol only" },
  oci: {
    may: ["base", "specs", "plan", "helper", "host", "runtime"],
    because: "the runc command line is a door to the low-level runtime and knows no engine",
  },
  cli: {
    may: ["base", "tar", "specs", "credentials", "endpoints", "signatures", "api/docker/client"],
    because: "the command line is an ordinary API client, which brings its user's credentials and contexts",
  },
  front: {
    may: ["base", "specs", "plan", "helper", "host", "oci", "cli", "endpoints", "api/docker/client"],
    because:
      "runs the command lines in the resident process, on behalf of the C program that the user started",
  },
  server: {
    may: ["base", "engine", "api/docker", "front", "oci", "host"],
    because: "the resident process: an engine and its doors on their sockets",
  },
  resident: {
    may: ["base", "helper", "host", "api/docker/client"],
    because: "finds the engine of this machine or starts it, and talks to it like any client",
  },
  library: {
    may: ["base", "specs", "api/docker/client", "resident"],
    because: "what other programs import: the client, and the engine found as the command line finds it",
  },
  bin: { may: ["*"], because: "composition roots wire everything together and hold no logic" },
};
