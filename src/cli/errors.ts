import { defineErrors } from "../base/index.ts";

/** What the command line itself can refuse. Failures of the engine keep the engine's code. */
export const cliError = defineErrors("CLI", {
  USAGE: { kind: "invalid", when: "a command, option or argument does not exist or is missing" },
  VALUE: { kind: "invalid", when: "the value of an option cannot be read" },
  CONFLICT: { kind: "invalid", when: "two options exclude each other" },
  FILE: { kind: "invalid", when: "a file that an option names cannot be read or written" },
  NO_TERMINAL: { kind: "invalid", when: "--tty was asked for with an input that is no terminal" },
  TEMPLATE: { kind: "invalid", when: "a --format template is malformed or names an unknown field" },
  STATE: { kind: "conflict", when: "a container is not in the state that a command needs" },
  OBJECT: { kind: "notFound", when: "nothing that can be inspected has a name" },
  COPY: { kind: "invalid", when: "something cannot be copied from or to a container as it was asked for" },
  GPG: { kind: "unavailable", when: "gpg is not there, or does not sign with a key" },
  FAILED: { kind: "internal", when: "a command gave up, or what it waited for did not happen" },
});
