export { type Context, DEFAULT_CONTEXT } from "./context.ts";
export { type ContextStore, openContexts, type StoredContext } from "./context-store.ts";
export { chooseEngine, chosenContext, type Elsewhere, type Wish } from "./find-engine.ts";
export { parseHost } from "./host.ts";
export type { TlsMaterial } from "./tls.ts";
export { dialSocket } from "./unix.ts";
