import { messageOf, TugError } from "../../base/index.ts";
import { DEFAULT_NETWORK, type Networks } from "../../network/index.ts";
import { engineError } from "../errors.ts";
import type { CreateContainerRequest, NetworkRequest } from "../model/create-request.ts";

/** What a container is connected to where nobody says otherwise. */
export type DefaultNetwork = (typeof choices)[number];

const choices = ["bridge", "host", "none"] as const;

/** Reads the setting; left out or empty it is the predefined bridge. @throws ENGINE_REQUEST */
export function parseDefaultNetwork(text: string | undefined): DefaultNetwork {
  const choice = choices.find((each) => each === (text || "bridge"));
  if (choice !== undefined) return choice;
  throw engineError("REQUEST", `cannot use ${JSON.stringify(text)} as the default network`, {
    hint: `it is one of ${choices.join(", ")}`,
  });
}

/** Failures that say what the kernel lacks or forbids, which another attempt would not change. */
const lacks: ReadonlySet<unknown> = new Set([
  "EACCES",
  "EAFNOSUPPORT",
  "ENOENT",
  "ENOSYS",
  "EOPNOTSUPP",
  "EPERM",
  "EPROTONOSUPPORT",
]);

/**
 * Settles what a container without a network of its own choice is connected to; other requests stay as they are. Where
 * the machine cannot have a bridge the container gets no network and a warning, but not if it publishes ports.
 *
 * @throws ENGINE_NETWORK_MISSING, ENGINE_REQUEST, RUNTIME_NETWORK
 */
export async function settleNetwork(
  {
    networks,
    defaultNetwork,
  }: { networks: Pick<Networks, "prepareDefault">; defaultNetwork: DefaultNetwork },
  request: CreateContainerRequest,
): Promise<{ request: CreateContainerRequest; warnings: string[] }> {
  const choice = chosenNetwork(request.network, defaultNetwork);
  const settled = withMode(request, choice);
  const isImplied = request.network.mode.kind === "default" && choice.kind === "named";
  if (!isImplied || choice.name !== DEFAULT_NETWORK) return { request: settled, warnings: [] };
  try {
    await networks.prepareDefault();
    return { request: settled, warnings: [] };
  } catch (error) {
    if (!isLacking(error)) throw error;
    const reason = messageOf(error);
    const alone = withMode(request, { kind: "none" });
    if (request.network.ports.length > 0 || request.network.publishAll) {
      throw engineError("NETWORK_MISSING", `cannot publish ports: ${reason}`, {
        cause: error,
        hint: "leave -p and -P out, or use --network host, or --network none",
      });
    }
    const warning = `the container has no network: ${reason}`;
    return { request: alone, warnings: [warning] };
  }
}

/** The request as `settleNetwork` leaves it where a bridge can be made. */
export function assumeNetwork(
  request: CreateContainerRequest,
  defaultNetwork: DefaultNetwork,
): CreateContainerRequest {
  return withMode(request, chosenNetwork(request.network, defaultNetwork));
}

/** What clients that name no network call it where they say something about it. */
const UNNAMED = "default";

/** The default, unless a place in other networks is asked for: the first of these is meant then, as Docker has it. */
function chosenNetwork(
  { mode, endpoints }: NetworkRequest,
  defaultNetwork: DefaultNetwork,
): Exclude<NetworkRequest["mode"], { kind: "default" }> {
  if (mode.kind !== "default") return mode as Exclude<NetworkRequest["mode"], { kind: "default" }>;
  const [first] = endpoints;
  if (first !== undefined && endpoints.every(({ network }) => network !== UNNAMED)) {
    return { kind: "named", name: first.network };
  }
  return defaultNetwork === "bridge" ? { kind: "named", name: DEFAULT_NETWORK } : { kind: defaultNetwork };
}

function withMode(request: CreateContainerRequest, mode: NetworkRequest["mode"]): CreateContainerRequest {
  const { endpoints } = request.network;
  const places = endpoints.flatMap((endpoint) => {
    if (endpoint.network !== UNNAMED) return [endpoint];
    if (mode.kind === "named") return [{ ...endpoint, network: mode.name }];
    const { aliases, links = [], ipv4, ipv6, mac } = endpoint;
    if (aliases.length + links.length === 0 && (ipv4 ?? ipv6 ?? mac) === undefined) return [];
    const reason = `it is on no network of its own (${mode.kind})`;
    throw engineError("REQUEST", `cannot give the container an address, an alias or a link: ${reason}`, {
      hint: "name one: --network bridge, or one of yours",
    });
  });
  return { ...request, network: { ...request.network, mode, endpoints: places } };
}

function isLacking(error: unknown): boolean {
  if (!(error instanceof TugError)) return false;
  return error.code === "NETWORK_EXHAUSTED" || lacks.has(error.details.errno);
}
