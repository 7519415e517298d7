import { defineErrors } from "../base/index.ts";

/** Failures of the resident process as such. */
export const serverError = defineErrors("SERVER", {
  BUSY: { kind: "conflict", when: "the engine is asked to end while commands are under way" },
  MANAGED: { kind: "conflict", when: "an engine that a service manager runs is asked to make room" },
  SOCKET_OWNER: {
    kind: "invalid",
    when: "a scoped socket is to be given to a user or group that there is not",
  },
  SOCKET_PATH: {
    kind: "invalid",
    when: "a scoped socket cannot be where it is to be: its path is too long, or its directory is somebody else's",
  },
});
