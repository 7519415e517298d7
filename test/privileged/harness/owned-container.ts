import { execFileSync } from "node:child_process";
import type { ConfigOptions } from "./config.ts";
import { type Container, container } from "./container.ts";
import type { OrdinaryUser } from "./ordinary-user.ts";
import type { Outcome } from "./runtime.ts";

/** A container of a user: all of its files are his, and so are the calls of the runtime. */
export type OwnedContainer = AsyncDisposable & {
  readonly made: Container;
  /** Any command of the runtime. */
  call(...args: string[]): Promise<Outcome>;
  /** The same through a command that root runs first. */
  callBehind(first: readonly string[], ...args: string[]): Promise<Outcome>;
};

/** Writes a bundle that belongs to a user. */
export async function ownedContainer(user: OrdinaryUser, options: ConfigOptions): Promise<OwnedContainer> {
  const made = await container(options);
  execFileSync("chown", ["--recursive", `${user.id}:${user.id}`, made.directory]);
  const callBehind = (first: readonly string[], ...args: string[]) =>
    made.runtime(args, { within: [...first, ...user.within(made.bundle)] });
  return {
    made,
    call: (...args) => callBehind([], ...args),
    callBehind,
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
}
