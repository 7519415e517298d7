import { defineErrors } from "../base/index.ts";

/** Failures to find an engine by the address or the context that names it, and to reach it there. */
export const endpointError = defineErrors("ENDPOINT", {
  HOST: { kind: "invalid", when: "the address of an engine cannot be used" },
  SSH: { kind: "unavailable", when: "ssh gives no connection to an engine on another machine" },
  SOCKET: { kind: "unavailable", when: "no connection to the socket of an engine can be had" },
  TLS: { kind: "unavailable", when: "no connection with TLS to an engine can be had" },
  CONTEXT: { kind: "invalid", when: "a context cannot be read, written or used" },
  NO_CONTEXT: { kind: "notFound", when: "no context has a name" },
  CONTEXT_THERE: { kind: "conflict", when: "a context has the name of one that is to be made" },
});
