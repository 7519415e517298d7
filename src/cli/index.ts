export type { CliContext, EngineNeed, Signals, Terminal, TerminalSize } from "./context.ts";
export { leadsElsewhere } from "./engine/chosen-engine.ts";
export { isRepeatable, runCli } from "./run-cli.ts";
export { createNodeSignals, createNodeTerminal, type StandardStreams } from "./terminal/node-terminal.ts";
