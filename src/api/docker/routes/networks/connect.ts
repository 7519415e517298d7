import { dockerApi } from "../../../../specs/index.ts";
import { idOf } from "../containers/lifecycle.ts";
import { translateEndpoint } from "../containers/translate/network.ts";
import type { NetworksHandler } from "./routes.ts";

/** A description of a connection has no reason to be longer. */
const MAX_BODY_BYTES = 1024 * 1024;

/** POST /networks/{id}/connect */
export const connectContainer: NetworksHandler = async (networks, request) => {
  const { Container, EndpointConfig } = dockerApi.parseNetworkConnectBody(
    await request.body.json(MAX_BODY_BYTES),
  );
  await networks.connect(Container, {
    network: idOf(request),
    ...translateEndpoint(EndpointConfig, ["EndpointConfig"]),
  });
  return { kind: "empty", status: 200 };
};

/** POST /networks/{id}/disconnect */
export const disconnectContainer: NetworksHandler = async (networks, request) => {
  const { Container } = dockerApi.parseNetworkDisconnectBody(await request.body.json(MAX_BODY_BYTES));
  await networks.disconnect(Container, idOf(request));
  return { kind: "empty", status: 200 };
};
