import { defineErrors } from "../../base/index.ts";

/** What can be wrong with something that a client or an engine sent. */
export const dockerApiError = defineErrors("DOCKER_API", {
  BODY: { kind: "invalid", when: "a request body is not JSON or a field of it has the wrong type or value" },
  QUERY: { kind: "invalid", when: "a query parameter of a request cannot be understood" },
  VERSION: { kind: "invalid", when: "a client asks for an API version that is not spoken here" },
  VALUE: { kind: "invalid", when: "a text such as a volume specification or a platform is malformed" },
  FRAME: { kind: "dataLoss", when: "a multiplexed stream holds a frame with an impossible header" },
});
