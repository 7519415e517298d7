import type { PortExplanation } from "../../../../engine/index.ts";
import type { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import type { NetworksHandler } from "./routes.ts";

/** GET /tug/networks/explain?port=8080/tcp */
export const explainPort: NetworksHandler = async (networks, request) => {
  const text = request.query.text("port") ?? "";
  const [, number = "", protocol = "tcp"] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  if (number === "" || Number(number) < 1 || Number(number) > 65_535) {
    throw doorError("QUERY", `invalid port ${JSON.stringify(text)}`, {
      hint: "write it like 8080 or 53/udp",
    });
  }
  return json(render(await networks.explainPort(protocol as PortExplanation["protocol"], Number(number))));
};

function render({ port, protocol, listeners, publications }: PortExplanation): dockerApi.PortExplained {
  return {
    Port: port,
    Protocol: protocol,
    Listeners: listeners,
    Publications: publications.map(({ container, network, reach, ...place }) => ({
      Container: { Id: container.id, Name: container.name },
      Network: network,
      HostAddress: place.hostAddress,
      ContainerAddress: place.containerAddress,
      ContainerPort: place.containerPort,
      Reach: reach.map(({ from, at, answer, because }) => ({
        From: from,
        At: at,
        Answer: answer,
        Because: because,
      })),
    })),
  };
}
