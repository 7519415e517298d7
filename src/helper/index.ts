export { type Failure, parseExecStatus } from "./answer.ts";
export { helperError, runtimeError } from "./errors.ts";
export {
  createHelper,
  type ExecuteOptions,
  type ExecuteResult,
  type Execution,
  type Helper,
  type InitProcess,
  type StandardDescriptor,
} from "./helper.ts";
export { errnoName, errnoText, failureError } from "./sentence.ts";
