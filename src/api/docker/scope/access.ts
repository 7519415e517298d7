import { doorError } from "../errors.ts";

/** Each thing that a scoped socket can allow, and what it comes to. */
export const verbs = {
  "containers:read": "list, inspect, wait, top, stats, diff",
  "containers:logs": "logs, and why, which shows the last of them",
  "containers:create": "create",
  "containers:control": "start, stop, restart, kill, pause, unpause, checkpoint",
  "containers:update": "update within the quota, rename",
  "containers:attach": "attach to standard input and output",
  "containers:exec": "exec",
  "containers:files": "cp in both directions, export",
  "containers:remove": "rm, prune",
  "images:read": "list, inspect and history of all images",
  "images:pull": "pull, search, log in",
  "images:push": "push",
  "images:save": "save",
  "images:load": "load, import, commit",
  "images:manage": "tag, rmi and prune of all images",
  "networks:read": "list, inspect",
  "networks:create": "create bridges",
  "networks:connect": "connect, disconnect",
  "networks:publish": "publish ports on the machine",
  "networks:remove": "rm, prune",
  "volumes:read": "list, inspect",
  "volumes:create": "create, also by naming a new one for a container",
  "volumes:files": "export, import",
  "volumes:remove": "rm, prune",
  "secrets:read": "list, inspect",
  "secrets:create": "create",
  "secrets:remove": "rm",
  "configs:read": "list, inspect, which shows what they hold",
  "configs:create": "create",
  "configs:remove": "rm",
  "events:read": "events",
  "system:read": "info, df",
} as const;

export type Verb = keyof typeof verbs;

/** What an endpoint asks of a scoped socket: `open` is for all of them, `owner` for none. */
export type Access = Verb | "open" | "owner";

const all = Object.keys(verbs) as Verb[];

/**
 * What words allow: a verb, a noun for all of its verbs, `read` for all that changes nothing, or `all`.
 *
 * @throws DOCKER_SCOPE_POLICY
 */
export function readAllowed(words: readonly string[]): Verb[] {
  const allowed = new Set(words.flatMap(verbsOf));
  if (allowed.size > 0) return all.filter((verb) => allowed.has(verb));
  throw doorError("SCOPE_POLICY", "cannot make a socket that allows nothing", {
    hint: "name what it is for: --allow containers",
  });
}

function verbsOf(word: string): Verb[] {
  if (word === "all") return all;
  if (word === "read") return all.filter((verb) => /:(?:read|logs)$/.test(verb));
  const found = all.filter((verb) => verb === word || verb.startsWith(`${word}:`));
  if (found.length > 0 && word !== "") return found;
  const nouns = [...new Set(all.map((verb) => verb.split(":")[0]))].join(", ");
  throw doorError("SCOPE_POLICY", `cannot allow ${JSON.stringify(word.slice(0, 60))}: it is unknown`, {
    hint: `it must be all, read, one of ${nouns}, or such as containers:read`,
  });
}
