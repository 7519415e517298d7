export { type Attempt, type Escape, testEscape } from "./escape.ts";
export {
  cannotBuild,
  cannotLink,
  type Guard,
  linkWithout,
  type OtherRuntime,
  runtimeWithout,
} from "./unguarded.ts";
