export { until } from "../../privileged/harness/until.ts";
export { type ApiAnswer, askApi, askUpgrade } from "./api.ts";
export { boxImage } from "./box-image.ts";
export { type RunningCommand, startTugCommand } from "./command.ts";
export { assertCount, type Counting, countingContainers } from "./counting.ts";
export { beforeCriu, configureCriu } from "./criu.ts";
export { type Engine, needsBox, startEngine, succeeded, useEngine } from "./engine.ts";
export { needsNobody, tugAsNobody } from "./nobody.ts";
export {
  configureRuntimes,
  needsRuntime,
  type OtherRuntime,
  otherRuntimes,
} from "./other-runtimes.ts";
export { configureSandbox, needsSandbox } from "./sandbox-runtime.ts";
export { type ShellOptions, startShell } from "./shell.ts";
export { needsSsh, type SshServer, startSshServer } from "./ssh-server.ts";
export { stopStartKill, trapping } from "./stop-start-kill.ts";
export { bootSystem, importSystem, needsSystem, systemIsUp } from "./system.ts";
export { needsTerminal, startTerminal, type TerminalOptions, type TestTerminal } from "./terminal.ts";
export { leavesNothing } from "./traces.ts";
export { agrees, type Block, consoleBlocks, perform, type Step } from "./transcript.ts";
