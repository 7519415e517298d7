import { listenersAt, type PortFacts, type PublicationFacts } from "../../network/index.ts";
import type { EngineContext } from "../context.ts";
import type { PortExplanation, PublicationExplanation, Reach } from "../model/port-explanation.ts";

/** Who can reach a port of the machine, and why. Changes nothing. */
export async function explainPort(
  { networks, store }: Pick<EngineContext, "networks" | "store">,
  protocol: PortExplanation["protocol"],
  port: number,
): Promise<PortExplanation> {
  const facts = await networks.lookAtPort(protocol, port);
  const publications = facts.publications.map(async (each): Promise<PublicationExplanation> => {
    const { publication, network } = each;
    const { container: id, hostAddress, containerAddress, containerPort } = publication;
    const record = store.get(id);
    const inside =
      protocol === "sctp" || record === undefined || record.state.pid === 0
        ? undefined
        : await listenersAt(`/proc/${record.state.pid}/net`, protocol, containerPort);
    return {
      container: { id, name: record?.name ?? "" },
      network: network?.name ?? "",
      hostAddress,
      containerAddress,
      containerPort,
      reach: reachOf(each, { facts, inside }),
    };
  });
  return { port, protocol, listeners: facts.listeners, publications: await Promise.all(publications) };
}

type Verdict = Pick<Reach, "answer" | "because">;
const no = (because: string): Verdict => ({ answer: "no", because });
const yes = (because: string): Verdict => ({ answer: "yes", because });

/** @param found.inside where programs wait in the container, if that is known */
export function reachOf(
  each: PublicationFacts,
  { facts, inside }: { facts: Pick<PortFacts, "strictChains">; inside: readonly string[] | undefined },
): Reach[] {
  const { publication, network } = each;
  const { hostAddress, hostPort, containerAddress, containerPort } = publication;
  const ipv6 = hostAddress.includes(":");
  const loopback = ipv6 ? "::1" : "127.0.0.1";
  const everywhere = hostAddress === "0.0.0.0" || hostAddress === "::";
  const broken = whyNobody(each, inside);
  const unopened = broken ?? whyClosed(each);
  const outside = unopened ?? whyNotOutside(each) ?? whyPerhaps(facts);
  const open = yes(everywhere ? "it is published at all addresses" : `it is published at ${hostAddress}`);
  return [
    {
      from: "this machine",
      at: placeOf(everywhere || isLoopback(hostAddress) ? loopback : hostAddress, hostPort),
      ...(each.isShort ? (broken ?? open) : (unopened ?? whyNotLoopback(each) ?? open)),
    },
    { from: "other machines", at: placeOf(hostAddress, hostPort), ...(outside ?? open) },
    {
      from: "containers of the network",
      at: placeOf(containerAddress, containerPort),
      ...(broken ??
        (network?.open === false
          ? no(`containers of ${network.name} may not talk to each other`)
          : yes("they are on one network"))),
    },
    {
      from: "other containers",
      at: placeOf(hostAddress, hostPort),
      ...(outside ?? yes(`${open.because}; those on internal networks have no way out`)),
    },
  ];
}

function whyNobody(
  { publication, network, hasBridge }: PublicationFacts,
  inside: readonly string[] | undefined,
) {
  const { containerAddress, containerPort } = publication;
  if (network === undefined) return no("the container has left the network that it led to");
  if (!hasBridge) return no(`the bridge ${network.bridge} is not there or not up: start the container again`);
  if (inside === undefined) return undefined;
  if (inside.length === 0) return no(`nothing in the container listens at port ${containerPort}`);
  const heard = inside.some((address) => ["0.0.0.0", "::", containerAddress].includes(address));
  if (heard) return undefined;
  return no(
    `the program listens at ${inside.join(" and ")} of the container only, not at ${containerAddress}`,
  );
}

function whyClosed({ publication, isOpen }: PublicationFacts): Verdict | undefined {
  if (isOpen) return undefined;
  const { hostPort } = publication;
  return no(`the packet filter has lost port ${hostPort}: start a container with published ports again`);
}

function whyNotLoopback({ publication, network, routesLoopback }: PublicationFacts): Verdict | undefined {
  const { hostAddress } = publication;
  if (hostAddress === "::" || hostAddress === "::1") return no("the kernel sends nothing on that is for ::1");
  if (routesLoopback || !(hostAddress === "0.0.0.0" || isLoopback(hostAddress))) return undefined;
  return no(`net.ipv4.conf.${network?.bridge}.route_localnet is off`);
}

function whyNotOutside({ publication, network, routes }: PublicationFacts): Verdict | undefined {
  const { hostAddress } = publication;
  if (isLoopback(hostAddress))
    return no(`it is published at ${hostAddress}, which is this machine's loopback`);
  if (network?.internal === true) return no(`the network ${network.name} is internal`);
  if (routes) return undefined;
  return no(`${hostAddress.includes(":") ? "net.ipv6.conf.all.forwarding" : "net.ipv4.ip_forward"} is off`);
}

function whyPerhaps({ strictChains }: Pick<PortFacts, "strictChains">): Verdict | undefined {
  const [chain] = strictChains;
  if (chain === undefined) return undefined;
  const { family, table, name } = chain;
  const because = `chain ${name} of table ${family} ${table} drops what none of its rules accepts`;
  return { answer: "perhaps", because };
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}

function placeOf(address: string, port: number): string {
  if (address === "0.0.0.0" || address === "::") return `*:${port}`;
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}
