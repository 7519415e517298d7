import { lexTemplate, type Section, type Token, templateError } from "./lex.ts";
import type { Command, Piece, Pipeline, Template, Term } from "./tree.ts";

/**
 * Reads a template in the language of Go's text/template: fields, functions, pipelines, variables, `if`, `range`, `with`.
 * Named templates (`define`, `block`, `template`) are not part of it.
 *
 * @throws CLI_TEMPLATE
 */
export function parseTemplate(text: string): Template {
  const sections = lexTemplate(text);
  const { body, end } = parseBody(sections, []);
  if (end !== undefined) throw templateError(`unexpected {{${end.word}}}`);
  return body;
}

/** How a body ended: with `end`, or with `else` and the words after it. */
type End = { word: "end" | "else"; rest: Token[] };

function parseBody(sections: Section[], until: readonly string[]): { body: Piece[]; end: End | undefined } {
  const body: Piece[] = [];
  for (let section = sections.shift(); section !== undefined; section = sections.shift()) {
    if ("text" in section) {
      body.push({ kind: "text", text: section.text });
      continue;
    }
    const tokens = [...section.tokens];
    const word = tokens[0]?.kind === "name" ? tokens[0].text : "";
    if (word === "end" || word === "else") {
      if (!until.includes(word)) throw templateError(`unexpected {{${word}}}`);
      return { body, end: { word, rest: tokens.slice(1) } };
    }
    body.push(parsePiece(word, tokens, sections));
  }
  if (until.length > 0) throw templateError("an if, range or with has no {{end}}");
  return { body, end: undefined };
}

function parsePiece(word: string, tokens: Token[], sections: Section[]): Piece {
  if (word === "if" || word === "with") return parseBranch(word, tokens.slice(1), sections);
  if (word === "range") return parseRange(tokens.slice(1), sections);
  const [first, second] = tokens;
  if (first?.kind === "sign" && first.text.startsWith("$") && isSign(second, ":=", "=")) {
    const pipeline = parsePipeline(tokens.slice(2));
    return { kind: "assign", name: first.text.slice(1), declares: isSign(second, ":="), pipeline };
  }
  return { kind: "output", pipeline: parsePipeline(tokens) };
}

function parseBranch(kind: "if" | "with", tokens: Token[], sections: Section[]): Piece {
  const pipeline = parsePipeline(tokens);
  const { body, end } = parseBody(sections, ["end", "else"]);
  return { kind, pipeline, body, otherwise: parseOtherwise(end, sections) };
}

/** What follows `else`: a body, or `else if` and a branch of its own. */
function parseOtherwise(end: End | undefined, sections: Section[]): Template {
  if (end?.word !== "else") return [];
  const [first] = end.rest;
  if (first?.kind === "name" && (first.text === "if" || first.text === "with")) {
    return [parseBranch(first.text, end.rest.slice(1), sections)];
  }
  if (first !== undefined) throw templateError("unexpected words after else");
  return parseBody(sections, ["end"]).body;
}

function parseRange(tokens: Token[], sections: Section[]): Piece {
  const assign = tokens.findIndex((token) => isSign(token, ":="));
  const variables = tokens.slice(0, Math.max(assign, 0)).flatMap((token) => {
    if (isSign(token, ",")) return [];
    if (token.kind === "sign" && token.text.startsWith("$")) return [token.text.slice(1)];
    throw templateError("range takes variables before :=");
  });
  if (variables.length > 2) throw templateError("range takes at most two variables");
  const pipeline = parsePipeline(tokens.slice(assign + 1));
  const { body, end } = parseBody(sections, ["end", "else"]);
  return { kind: "range", variables, pipeline, body, otherwise: parseOtherwise(end, sections) };
}

function parsePipeline(tokens: readonly Token[]): Pipeline {
  const rest = [...tokens];
  const pipeline = takePipeline(rest);
  if (rest.length > 0) throw templateError("unexpected )");
  return pipeline;
}

function takePipeline(rest: Token[]): Pipeline {
  const commands: Command[] = [];
  let terms: Term[] = [];
  const close = () => {
    if (terms.length === 0) throw templateError("a value is missing");
    commands.push(terms);
    terms = [];
  };
  while (rest.length > 0 && !isClose(rest[0])) {
    const token = rest.shift() as Token;
    if (isSign(token, "|")) close();
    else terms.push(parseTerm(token, rest));
  }
  close();
  return commands;
}

const constants: Readonly<Record<string, boolean | null>> = { true: true, false: false, nil: null };

function parseTerm(token: Token, rest: Token[]): Term {
  if (token.kind === "literal") return { kind: "literal", value: token.value };
  if (token.kind === "name") {
    const constant = Object.hasOwn(constants, token.text) ? constants[token.text] : undefined;
    if (constant !== undefined) return { kind: "literal", value: constant };
    return { kind: "function", name: token.text };
  }
  const { text } = token;
  const [head = "", ...path] = text.split(".");
  if (text === "(") return parseGroup(rest);
  if (text === ".") return { kind: "field", path: [] };
  if (head === "") return { kind: "field", path };
  if (head.startsWith("$")) return { kind: "variable", name: head.slice(1), path };
  throw templateError(`unexpected ${text}`);
}

function parseGroup(rest: Token[]): Term {
  const pipeline = takePipeline(rest);
  const close = rest.shift();
  if (close?.kind !== "sign") throw templateError("a ( is not closed");
  return { kind: "group", pipeline, path: close.text.split(".").slice(1) };
}

function isClose(token: Token | undefined): boolean {
  return token?.kind === "sign" && token.text.startsWith(")");
}

function isSign(token: Token | undefined, ...texts: readonly string[]): boolean {
  return token?.kind === "sign" && texts.includes(token.text);
}
