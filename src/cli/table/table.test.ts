import assert from "node:assert/strict";
import { test } from "node:test";
import { alignColumns } from "./align.ts";
import { ago, plainMoment } from "./moments.ts";
import { type Columns, renderRows } from "./rows.ts";
import { binarySize, humanSize } from "./sizes.ts";

type Box = { id: string; names: string; labels: Record<string, string> };

const columns: Columns<Box> = {
  ID: { heading: "BOX ID", value: (box) => box.id },
  Names: { heading: "NAMES", value: (box) => box.names },
  Label: { heading: "", value: (box) => (name) => box.labels[name] ?? "" },
};

const boxes: Box[] = [
  { id: "abcdef", names: "one", labels: { "com.example.the-tier": "front" } },
  { id: "1234567890123", names: "two", labels: {} },
];

const render = (format?: string, only?: string) =>
  renderRows(boxes, columns, { table: "{{.ID}}\t{{.Names}}", format, only });

test("a list is a table by default, with or without items", () => {
  assert.equal(render(), "BOX ID          NAMES\nabcdef          one\n1234567890123   two\n");
  assert.equal(renderRows([], columns, { table: "{{.ID}}\t{{.Names}}" }), "BOX ID    NAMES\n");
  assert.equal(render("table"), render());
});

test("a table template has headings for what it uses, labels included", () => {
  const text = render('table {{.Names}}\\t{{truncate .ID 3}}\\t{{.Label "com.example.the-tier"}}');
  assert.equal(text, "NAMES     BOX ID    THE TIER\none       abc       front\ntwo       123       \n");
});

test("a list is a template a line, JSON a line, or one field a line", () => {
  assert.equal(render("{{.Names}}:{{.ID}}"), "one:abcdef\ntwo:1234567890123\n");
  assert.equal(render("json"), '{"ID":"abcdef","Names":"one"}\n{"ID":"1234567890123","Names":"two"}\n');
  assert.equal(render("{{json .Names}}"), '"one"\n"two"\n');
  assert.equal(render("{{.Names}}", "ID"), "abcdef\n1234567890123\n");
});

test("an unknown field is refused with the ones that there are", () => {
  assert.throws(() => render("{{.Nmaes}}"), /there is no field \.Nmaes; the fields are ID, Label, Names/);
  assert.throws(() => render("table {{.Nmaes}}"), /there is no field \.Nmaes/);
});

test("the last cell is not padded and wide characters count as one", () => {
  assert.equal(
    alignColumns("äöü\tx\tlast\ny\tlonger than ten\tz\n"),
    "äöü       x                 last\ny         longer than ten   z\n",
  );
});

test("sizes are rounded to what people read", () => {
  const sizes = [0, 999, 1000, 4_261_000, 999_999, 72_800_000, 1_234_000_000].map((bytes) =>
    humanSize(bytes),
  );
  assert.deepEqual(sizes, ["0B", "999B", "1kB", "4.26MB", "1MB", "72.8MB", "1.23GB"]);
  assert.deepEqual([512, 1024, 2_088_763_392].map(binarySize), ["512B", "1KiB", "1.945GiB"]);
});

test("moments are shown as Docker shows them", () => {
  assert.equal(ago(1_700_000_000, 1_700_000_000_000 + 90_000), "About a minute ago");
  assert.equal(plainMoment(1_700_000_000), "2023-11-14 22:13:20 +0000 UTC");
});
