import { type Condition, holds } from "./conditions.ts";
import { type Node, type NodeFactory, type Stretch, search } from "./nodes.ts";
import type { Verdict } from "./rules.ts";

/** Byte offset of the low word of an argument on a little-endian machine. Source: struct seccomp_data */
const lowWord = (index: number) => 16 + 8 * index;
const highWord = (index: number) => lowWord(index) + 4;

const WORD = 32n;
const LOW = 0xffff_ffffn;

/** How the arguments of a call are tested, and where a call that fulfils no rule goes. */
export type ArgumentContext = {
  readonly factory: NodeFactory;
  readonly wide: boolean;
  readonly otherwise: Node;
};

/** The decision about one call. */
export function verdictNode(verdict: Verdict, context: ArgumentContext): Node {
  const { factory, otherwise } = context;
  const [first] = verdict;
  // Nearly every call is allowed, or refused, whatever its arguments are.
  if (first?.conditions.length === 0) return factory.end(first.action);
  const index = onlyArgument(verdict);
  if (index !== undefined) return partitionNode(verdict, index, context);
  let node = otherwise;
  for (const { conditions, action } of verdict.toReversed()) {
    let yes = factory.end(action);
    for (const condition of conditions.toReversed()) {
      yes = conditionNode(condition, { yes, no: node }, context);
    }
    node = yes;
  }
  return node;
}

/** The argument, if every rule compares the same one and orders it rather than masks it. */
function onlyArgument(verdict: Verdict): number | undefined {
  const index = verdict[0]?.conditions[0]?.index;
  const fits = verdict.every(
    ({ conditions }) =>
      conditions.length === 1 &&
      conditions.every((each) => each.index === index && each.op !== "SCMP_CMP_MASKED_EQ"),
  );
  return fits ? index : undefined;
}

/** The least value of a stretch of an argument's values, and where they lead. */
type Part = { readonly from: bigint; readonly node: Node };

/** Cuts the values of the argument where a rule begins or ends to hold, and searches among the parts. */
function partitionNode(verdict: Verdict, index: number, { factory, wide, otherwise }: ArgumentContext): Node {
  const end = wide ? 1n << 64n : 1n << WORD;
  const values = verdict.flatMap(({ conditions }) => conditions.map(({ value }) => value));
  const cuts = new Set([0n, ...values, ...values.map((value) => value + 1n)]);
  const parts = [...cuts]
    .filter((cut) => cut < end)
    .sort((a, b) => (a < b ? -1 : 1))
    .map((from) => {
      const rule = verdict.find(({ conditions }) => conditions.every((each) => holds(each, from)));
      return { from, node: rule === undefined ? otherwise : factory.end(rule.action) };
    });
  if (!wide) return factory.load(lowWord(index), search(factory, lowStretches(parts, 0n)));
  const highs = new Set(parts.flatMap(({ from }) => [from >> WORD, (from >> WORD) + 1n]));
  const stretches = [...highs]
    .filter((high) => high <= LOW)
    .sort((a, b) => (a < b ? -1 : 1))
    .map((high) => {
      const low = search(factory, lowStretches(parts, high));
      return { from: Number(high), node: factory.load(lowWord(index), low) };
    });
  return factory.load(highWord(index), search(factory, stretches));
}

/** The parts that have values with a given high word, in terms of the low word. */
function lowStretches(parts: readonly Part[], high: bigint): Stretch[] {
  const start = high << WORD;
  const inside = parts.filter(({ from }) => from > start && from >> WORD === high);
  const before = parts.findLast(({ from }) => from <= start) as Part;
  return [before, ...inside].map(({ from, node }) => ({
    from: from <= start ? 0 : Number(from & LOW),
    node,
  }));
}

type Targets = { readonly yes: Node; readonly no: Node };

function conditionNode(condition: Condition, targets: Targets, { factory, wide }: ArgumentContext): Node {
  const { index, op, value, mask } = condition;
  if (op === "SCMP_CMP_MASKED_EQ") return maskedNode(condition, targets, { factory, wide });
  const [low, high] = [Number(value & LOW), Number(value >> WORD)];
  const { test, yes, no } = comparison(op, targets);
  const lowNode = factory.load(lowWord(index), factory.jump(test, low, { yes, no }));
  if (!wide || mask === LOW) return lowNode;
  const equal = factory.jump("equal", high, { yes: lowNode, no });
  return factory.load(
    highWord(index),
    test === "equal" ? equal : factory.jump("above", high, { yes, no: equal }),
  );
}

/** Every operator as one of the three tests that the machine has, with the ways out exchanged where it is the opposite. */
function comparison(op: Exclude<Condition["op"], "SCMP_CMP_MASKED_EQ">, { yes, no }: Targets) {
  switch (op) {
    case "SCMP_CMP_EQ":
      return { test: "equal", yes, no } as const;
    case "SCMP_CMP_NE":
      return { test: "equal", yes: no, no: yes } as const;
    case "SCMP_CMP_GT":
      return { test: "above", yes, no } as const;
    case "SCMP_CMP_LE":
      return { test: "above", yes: no, no: yes } as const;
    case "SCMP_CMP_GE":
      return { test: "atLeast", yes, no } as const;
    case "SCMP_CMP_LT":
      return { test: "atLeast", yes: no, no: yes } as const;
  }
}

type Width = Pick<ArgumentContext, "factory" | "wide">;

function maskedNode({ index, value, mask }: Condition, { yes, no }: Targets, { factory, wide }: Width): Node {
  const word = (offset: number, shift: bigint, next: Node): Node => {
    const [bits, wanted] = [Number((mask >> shift) & LOW), Number((value >> shift) & LOW)];
    if (bits === 0) return next;
    if (wanted === 0) return factory.load(offset, factory.jump("anyBit", bits, { yes: no, no: next }));
    return factory.load(offset, factory.and(bits, factory.jump("equal", wanted, { yes: next, no })));
  };
  const low = word(lowWord(index), 0n, yes);
  return wide ? word(highWord(index), WORD, low) : low;
}
