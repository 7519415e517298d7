/**
 * A filter as a decision graph: every path ends in a return, equal parts are one object.
 *
 * `load` reads a 32-bit word of seccomp_data into the accumulator, `and` masks it, `jump` compares it.
 */
export type Node =
  | { readonly kind: "return"; readonly value: number }
  | { readonly kind: "load"; readonly offset: number; readonly next: Node }
  | { readonly kind: "and"; readonly mask: number; readonly next: Node }
  | {
      readonly kind: "jump";
      readonly test: "equal" | "above" | "atLeast" | "anyBit";
      readonly value: number;
      readonly yes: Node;
      readonly no: Node;
    };

/** Makes nodes; asked for an equal one again it returns the same object, and it makes none without effect. */
export type NodeFactory = {
  end(value: number): Node;
  load(offset: number, next: Node): Node;
  and(mask: number, next: Node): Node;
  jump(test: (Node & { kind: "jump" })["test"], value: number, targets: { yes: Node; no: Node }): Node;
};

export function nodeFactory(): NodeFactory {
  const nodes = new Map<string, Node>();
  const ends = new Map<number, Node>();
  const ids = new Map<Node, number>();
  const intern = (key: string, make: () => Node): Node => {
    const found = nodes.get(key);
    if (found !== undefined) return found;
    const node = make();
    nodes.set(key, node);
    ids.set(node, ids.size);
    return node;
  };
  return {
    end(value) {
      const end = ends.get(value) ?? intern(`return ${value}`, () => ({ kind: "return", value }));
      ends.set(value, end);
      return end;
    },
    load(offset, next) {
      if (next.kind === "return") return next;
      return intern(`load ${offset} ${ids.get(next)}`, () => ({ kind: "load", offset, next }));
    },
    and(mask, next) {
      if (mask === 0xffffffff) return next;
      return intern(`and ${mask} ${ids.get(next)}`, () => ({ kind: "and", mask, next }));
    },
    jump(test, value, { yes, no }) {
      if (yes === no) return yes;
      const key = `${test} ${value} ${ids.get(yes)} ${ids.get(no)}`;
      return intern(key, () => ({ kind: "jump", test, value, yes, no }));
    },
  };
}

/** A stretch of numbers that begins at `from`, ends before the next stretch, and leads to one node. */
export type Stretch = { readonly from: number; readonly node: Node };

/**
 * Finds the stretch that the accumulator lies in by binary search. Stretches are ascending, the first begins at the
 * least possible value; of two that begin at the same number the later one is meant.
 */
export function search(factory: NodeFactory, stretches: readonly Stretch[]): Node {
  const distinct = stretches.filter(({ from }, index) => stretches[index + 1]?.from !== from);
  const merged = distinct.filter(({ node }, index) => index === 0 || distinct[index - 1]?.node !== node);
  const collapsed = collapse(factory, merged);
  return searchBetween(factory, collapsed, [0, collapsed.length]);
}

/** More than two comparisons in a row would be slower than the search they replace. */
const MOST_EXCEPTIONS = 2;

/**
 * Makes one stretch of several where single numbers lie between stretches that lead to the same place: one test for
 * the number is less than two for where it begins and ends.
 */
function collapse(factory: NodeFactory, stretches: readonly Stretch[]): Stretch[] {
  const result: Stretch[] = [];
  for (let index = 0; index < stretches.length; index++) {
    const { from, node } = stretches[index] as Stretch;
    let tested = node;
    for (let count = 0; count < MOST_EXCEPTIONS; count++) {
      const [exception, after] = stretches.slice(index + 1, index + 3);
      if (exception === undefined || after?.node !== node || after.from !== exception.from + 1) break;
      tested = factory.jump("equal", exception.from, { yes: exception.node, no: tested });
      index += 2;
    }
    result.push({ from, node: tested });
  }
  return result;
}

function searchBetween(
  factory: NodeFactory,
  stretches: readonly Stretch[],
  [first, end]: [number, number],
): Node {
  if (end - first === 1) return (stretches[first] as Stretch).node;
  const middle = (first + end) >> 1;
  return factory.jump("atLeast", (stretches[middle] as Stretch).from, {
    yes: searchBetween(factory, stretches, [middle, end]),
    no: searchBetween(factory, stretches, [first, middle]),
  });
}
