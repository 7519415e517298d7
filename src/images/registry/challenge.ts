/** A way to authenticate that a server offers; names in lower case. */
export type Challenge = { scheme: string; parameters: Readonly<Record<string, string>> };

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const parameter = new RegExp(`^\\s*(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))\\s*(?:,|$)`);
const scheme = new RegExp(`^[\\s,]*(${token})(?=\\s|,|$)`);

/**
 * Reads a WWW-Authenticate header, which may offer several ways. What is malformed ends the reading: an incomplete
 * list is as good as an unknown one.
 * Source: https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  let rest = header.slice(0, 8192);
  for (let match = scheme.exec(rest); match !== null; match = scheme.exec(rest)) {
    rest = rest.slice(match[0].length);
    const parameters: Record<string, string> = {};
    for (let pair = parameter.exec(rest); pair !== null; pair = parameter.exec(rest)) {
      rest = rest.slice(pair[0].length);
      const [, name = "", quoted, bare = ""] = pair;
      parameters[name.toLowerCase()] = quoted === undefined ? bare : quoted.replace(/\\(.)/g, "$1");
    }
    challenges.push({ scheme: (match[1] ?? "").toLowerCase(), parameters });
  }
  return challenges;
}
