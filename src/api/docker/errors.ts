import { defineErrors } from "../../base/index.ts";

/** What the Docker door itself can refuse. */
export const doorError = defineErrors("DOCKER", {
  ROUTE: { kind: "notFound", when: "no endpoint has the path and method of a request" },
  ROUTE_VERSION: {
    kind: "invalid",
    when: "an endpoint is newer than the API version that a client asks for",
  },
  PATH: { kind: "invalid", when: "the path of a request is not well-formed" },
  QUERY: { kind: "invalid", when: "a query parameter is missing or has a value that cannot be used" },
  BODY_SIZE: { kind: "invalid", when: "a request body is larger than its endpoint reads" },
  CONTENT_TYPE: { kind: "invalid", when: "a request body is of another type than its endpoint reads" },
  CREATE_VALUE: { kind: "invalid", when: "a field of a create body has a value that cannot be used" },
  CREATE_UNSUPPORTED: {
    kind: "notImplemented",
    when: "a create body asks for something that tug does not have",
  },
  WEB_SOCKET: { kind: "invalid", when: "a request for a WebSocket is not one" },
  SWARM: { kind: "unavailable", when: "an endpoint is for members of a swarm, which tug never is" },
  PLUGIN: { kind: "notFound", when: "a plugin is asked for by its name; there are none" },
  ABSENT: { kind: "notImplemented", when: "an endpoint is for something that tug does not do" },
  SCOPE: { kind: "forbidden", when: "a request goes beyond what the policy of a scoped socket allows" },
  SCOPE_POLICY: { kind: "invalid", when: "the policy of a scoped socket cannot be used" },
  EXEC_VALUE: { kind: "invalid", when: "a field of an exec body has a value that cannot be used" },
});
