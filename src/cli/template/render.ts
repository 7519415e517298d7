import { type TemplateFunction, templateFunctions } from "./functions.ts";
import { templateError } from "./lex.ts";
import { isTrue, show } from "./show.ts";
import type { Command, Piece, Pipeline, Template, Term } from "./tree.ts";

export type RenderOptions = {
  /** Whether the value has exactly the fields that there are, so that an unknown one is an error; else it has no value. */
  readonly fixed: boolean;
  readonly functions?: Readonly<Record<string, TemplateFunction>>;
};

/**
 * The text of a template for a value. Fields that are functions are methods: they get the arguments that follow.
 *
 * @throws CLI_TEMPLATE
 */
export function renderTemplate(template: Template, value: unknown, options: RenderOptions): string {
  return renderPieces(template, {
    dot: value,
    variables: new Map([["", value]]),
    outer: undefined,
    strict: options.fixed ? value : undefined,
    functions: options.functions ?? templateFunctions,
  });
}

type Scope = {
  readonly dot: unknown;
  readonly variables: Map<string, unknown>;
  readonly outer: Scope | undefined;
  /** The value whose unknown fields are errors. */
  readonly strict: unknown;
  readonly functions: Readonly<Record<string, TemplateFunction>>;
};

function renderPieces(pieces: Template, scope: Scope): string {
  return pieces.map((piece) => renderPiece(piece, scope)).join("");
}

function renderPiece(piece: Piece, scope: Scope): string {
  switch (piece.kind) {
    case "text":
      return piece.text;
    case "output":
      return show(evaluate(piece.pipeline, scope));
    case "assign":
      variablesWith(piece.declares ? undefined : piece.name, scope).set(
        piece.name,
        evaluate(piece.pipeline, scope),
      );
      return "";
    case "if":
      return renderPieces(
        isTrue(evaluate(piece.pipeline, scope)) ? piece.body : piece.otherwise,
        inner(scope),
      );
    case "with": {
      const value = evaluate(piece.pipeline, scope);
      return isTrue(value)
        ? renderPieces(piece.body, inner(scope, value))
        : renderPieces(piece.otherwise, inner(scope));
    }
    case "range":
      return renderRange(piece, scope);
  }
}

function renderRange(piece: Extract<Piece, { kind: "range" }>, scope: Scope): string {
  const entries = entriesOf(evaluate(piece.pipeline, scope));
  if (entries.length === 0) return renderPieces(piece.otherwise, inner(scope));
  const rounds = entries.map(([key, item]) => {
    const round = inner(scope, item);
    const values = piece.variables.length === 2 ? [key, item] : [item];
    for (const [index, name] of piece.variables.entries()) round.variables.set(name, values[index]);
    return renderPieces(piece.body, round);
  });
  return rounds.join("");
}

function entriesOf(value: unknown): [unknown, unknown][] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.map((item, index) => [index, item]);
  if (typeof value === "object")
    return Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)));
  throw templateError(`range cannot go over ${show(value)}`);
}

/** A scope for what stands between an action and its end. */
function inner(scope: Scope, dot: unknown = scope.dot): Scope {
  return { ...scope, dot, variables: new Map(), outer: scope };
}

/** The variables among which a name is, from the inside to the outside; the innermost ones for undefined. */
function variablesWith(name: string | undefined, scope: Scope): Map<string, unknown> {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    if (name === undefined || at.variables.has(name)) return at.variables;
  }
  throw templateError(`undefined variable "$${name}"`);
}

function evaluate(pipeline: Pipeline, scope: Scope): unknown {
  return pipeline.reduce<{ value: unknown; piped: boolean }>(
    ({ value, piped }, command) => ({ value: run(command, piped ? [value] : [], scope), piped: true }),
    { value: undefined, piped: false },
  ).value;
}

function run(command: Command, piped: readonly unknown[], scope: Scope): unknown {
  const [first, ...rest] = command as [Term, ...Term[]];
  const args = [...rest.map((term) => resolve(term, [], scope)), ...piped];
  return resolve(first, args, scope);
}

function resolve(term: Term, args: readonly unknown[], scope: Scope): unknown {
  switch (term.kind) {
    case "literal":
      return withoutArguments(term.value, args);
    case "function": {
      const called = Object.hasOwn(scope.functions, term.name) ? scope.functions[term.name] : undefined;
      if (called === undefined) throw templateError(`function "${term.name}" not defined`);
      return called(...args);
    }
    case "field":
      return follow(scope.dot, term.path, { args, scope });
    case "variable":
      return follow(variablesWith(term.name, scope).get(term.name), term.path, { args, scope });
    case "group":
      return follow(evaluate(term.pipeline, scope), term.path, { args, scope });
  }
}

function follow(
  start: unknown,
  path: readonly string[],
  use: { args: readonly unknown[]; scope: Scope },
): unknown {
  const found = path.reduce((value, name) => fieldOf(value, name, use.scope), start);
  return typeof found === "function" ? found(...use.args) : withoutArguments(found, use.args);
}

function fieldOf(value: unknown, name: string, scope: Scope): unknown {
  if (typeof value === "object" && value !== null && Object.hasOwn(value, name)) {
    return (value as Record<string, unknown>)[name];
  }
  if (value !== scope.strict || value === undefined) return undefined;
  const known = Object.keys(value as object)
    .toSorted()
    .join(", ");
  throw templateError(`there is no field .${name}; the fields are ${known}`);
}

function withoutArguments(value: unknown, args: readonly unknown[]): unknown {
  if (args.length === 0) return value;
  throw templateError(`${show(value)} is not a function and takes no arguments`);
}
