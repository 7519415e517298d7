/** A parsed template: pieces in order. Source: https://pkg.go.dev/text/template@go1.24.0#hdr-Actions */
export type Template = readonly Piece[];

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "output"; readonly pipeline: Pipeline }
  /** `$x := ...` makes a variable, `$x = ...` changes the one that there is. */
  | {
      readonly kind: "assign";
      readonly name: string;
      readonly declares: boolean;
      readonly pipeline: Pipeline;
    }
  | {
      readonly kind: "if" | "with";
      readonly pipeline: Pipeline;
      readonly body: Template;
      readonly otherwise: Template;
    }
  | {
      readonly kind: "range";
      /** Variables for key and element, without `$`. */
      readonly variables: readonly string[];
      readonly pipeline: Pipeline;
      readonly body: Template;
      readonly otherwise: Template;
    };

/** Commands whose results become the last argument of the next one. */
export type Pipeline = readonly Command[];

/** A value, or a function or method with its arguments. */
export type Command = readonly Term[];

export type Term =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "function"; readonly name: string }
  /** `.`, `.A.B` */
  | { readonly kind: "field"; readonly path: readonly string[] }
  /** `$`, `$x.A`; the name is without `$`. */
  | { readonly kind: "variable"; readonly name: string; readonly path: readonly string[] }
  /** `(...)`, `(...).A` */
  | { readonly kind: "group"; readonly pipeline: Pipeline; readonly path: readonly string[] };
