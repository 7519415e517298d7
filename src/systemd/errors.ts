import { defineErrors } from "../base/index.ts";

/** Failures of talking to systemd. */
export const systemdError = defineErrors("SYSTEMD", {
  CONNECT: { kind: "unavailable", when: "systemd cannot be reached, or does not speak as expected" },
  REFUSED: {
    kind: "invalid",
    when: "systemd refuses a request, such as one for a property that it does not know",
  },
  JOB: { kind: "internal", when: "a unit was asked for and does not come up" },
});
