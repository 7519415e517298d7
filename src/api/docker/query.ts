import { doorError } from "./errors.ts";

/** The query parameters of a request, read as Docker reads them. */
export type Query = {
  /** The first value; undefined when missing or empty. */
  text(name: string): string | undefined;
  all(name: string): readonly string[];
  /** Whether the parameter is on: anything but "", "0", "no", "false" and "none". */
  flag(name: string, otherwise?: boolean): boolean;
  /** A whole number. @throws DOCKER_QUERY */
  integer(name: string): number | undefined;
  /** One of some words. @throws DOCKER_QUERY */
  oneOf<W extends string>(name: string, words: readonly W[]): W | undefined;
};

const off = new Set(["", "0", "no", "false", "none"]);

export function readQuery(parameters: URLSearchParams): Query {
  const text = (name: string) => parameters.get(name) || undefined;
  return {
    text,
    all: (name) => parameters.getAll(name).filter((value) => value !== ""),
    flag(name, otherwise = false) {
      const value = parameters.get(name);
      return value === null ? otherwise : !off.has(value.trim().toLowerCase());
    },
    integer(name) {
      const value = text(name);
      if (value === undefined) return undefined;
      if (/^[+-]?\d{1,15}$/.test(value)) return Number(value);
      throw doorError("QUERY", `invalid parameter ${name}: "${value}" is not a whole number`);
    },
    oneOf(name, words) {
      const value = text(name);
      const word = words.find((known) => known === value);
      if (value === undefined || word !== undefined) return word;
      throw doorError("QUERY", `invalid ${name}: "${value}" is not one of ${words.join(", ")}`);
    },
  };
}
