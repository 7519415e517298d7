import { definitionOf, type FieldType, lists, opNames, phases, tableHash } from "../../src/plan/index.ts";

const cTypes: Readonly<Record<FieldType, string>> = {
  u32: "uint32_t",
  u64: "uint64_t",
  text: "const char *",
  hostPath: "const char *",
  rootPath: "const char *",
  texts: "struct strings",
  bytes: "struct bytes",
  numbers: "struct numbers",
  in: "uint16_t",
  out: "uint16_t",
  ins: "struct slots",
};

/** Wire types that the decoder tells apart; the three kinds of string differ for readers and rules only. */
const wireTypes: Readonly<Record<FieldType, string>> = {
  u32: "U32",
  u64: "U64",
  text: "TEXT",
  hostPath: "TEXT",
  rootPath: "TEXT",
  texts: "TEXTS",
  bytes: "BYTES",
  numbers: "NUMBERS",
  in: "IN",
  out: "OUT",
  ins: "INS",
};

/** The C header with the op numbers, one struct per op, and the table that drives decoder and dispatcher. */
export function opsHeader(): string {
  return `${[
    "/* Made from src/plan/ops.ts by: npm run gen */",
    "#ifndef TUG_OPS_GEN_H",
    "#define TUG_OPS_GEN_H",
    "",
    "#include <stddef.h>",
    "#include <stdint.h>",
    '#include "plan.h"',
    "",
    `#define TUG_TABLE_HASH "${tableHash}"`,
    `#define TUG_TABLE_HASH_BYTES { ${(tableHash.match(/../g) ?? []).map((byte) => `0x${byte}`).join(", ")} }`,
    "",
    ...lists.map((name, index) => `#define LIST_${name.toUpperCase()} ${index}`),
    `#define LIST_COUNT ${lists.length}`,
    ...phases.map((name, index) => `#define PHASE_${name.toUpperCase()} ${index}`),
    "",
    "#define OP_LIST(X) \\",
    `${opNames.map((name) => `\tX(${snake(name)})`).join(" \\\n")}`,
    "",
    "enum op_code {",
    ...opNames.map((name) => `\tOP_${snake(name)},`),
    "\tOP_COUNT",
    "};",
    "",
    ...opNames.flatMap(opStruct),
    "static const struct field_info op_fields[] = {",
    ...opNames.flatMap(fieldRows),
    "\t{ 0, 0, 0 },",
    "};",
    "",
    "static const struct op_info op_table[OP_COUNT] = {",
    ...opRows(),
    "};",
    "",
    "#endif",
  ].join("\n")}\n`;
}

function opStruct(name: (typeof opNames)[number]): string[] {
  const fields = Object.entries(definitionOf(name).fields);
  return [
    `struct op_${snake(name)} {`,
    ...fields.map(([key, { type }]) => {
      const cType = cTypes[type];
      return `\t${cType}${cType.endsWith("*") ? "" : " "}${memberName(key)};`;
    }),
    ...(fields.length === 0 ? ["\tuint32_t unused;"] : []),
    "};",
    "",
  ];
}

function fieldRows(name: (typeof opNames)[number]): string[] {
  return Object.entries(definitionOf(name).fields).map(
    ([key, { type, optional }]) =>
      `\t{ FIELD_${wireTypes[type]}, ${optional ? 1 : 0}, offsetof(struct op_${snake(name)}, ${memberName(key)}) },`,
  );
}

function opRows(): string[] {
  let first = 0;
  return opNames.map((name) => {
    const { legal, fields } = definitionOf(name);
    const count = Object.keys(fields).length;
    const masks = lists.map((list) =>
      (legal[list] ?? []).reduce((mask, phase) => mask | (1 << phases.indexOf(phase)), 0),
    );
    const row = `\t{ "${name}", { ${masks.join(", ")} }, ${count}, ${first}, sizeof(struct op_${snake(name)}) },`;
    first += count;
    return row;
  });
}

/** Field names that are words of C get an underscore. */
function memberName(key: string): string {
  const name = snake(key);
  return name === "else" ? "else_" : name;
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
