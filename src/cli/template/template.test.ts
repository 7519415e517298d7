import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTemplate } from "./parse.ts";
import { renderTemplate } from "./render.ts";

const data = {
  Name: "web",
  Id: "abcdef",
  Count: 3,
  On: true,
  None: null,
  Names: ["a", "b"],
  Labels: { b: "2", a: "1" },
  State: { Status: "running", Code: 0 },
  Label: (key: unknown) => `label ${key}`,
};

const rendered: [template: string, text: string][] = [
  ["plain", "plain"],
  ["{{.Name}}/{{ .Id }}", "web/abcdef"],
  ["{{.State.Status}} {{.State.Code}}", "running 0"],
  ["{{.Names}} {{.Labels}}", "[a b] map[a:1 b:2]"],
  ["{{.None}} {{.State.Absent}} {{.State.Absent.More}}", "<no value> <no value> <no value>"],
  ["{{json .Labels}} {{json .Name}} {{json .None}}", '{"b":"2","a":"1"} "web" null'],
  ["{{json .}}", JSON.stringify(data)],
  ['{{join .Names ", "}}', "a, b"],
  ['{{upper .Name}} {{.Name | upper | printf "%s!"}} {{title "a bc"}}', "WEB WEB! A Bc"],
  ["{{truncate .Id 3}} {{len .Names}} {{len .Name}} {{pad .Name 1 2}}|", "abc 2 3  web  |"],
  ['{{index .Names 1}} {{index .Labels "a"}} {{index .Labels "x"}}', "b 1 <no value>"],
  ['{{index (split "a:b" ":") 1}}', "b"],
  ['{{println .Name "x"}}{{print 1 2}}', "web x\n1 2"],
  [
    '{{printf "%-5s|%5d|%05d|%q|%.1f|%x|%%" .Name .Count .Count .Name 1.25 255}}',
    'web  |    3|00003|"web"|1.3|ff|%',
  ],
  ["{{if .On}}yes{{else}}no{{end}}", "yes"],
  ["{{if .None}}yes{{else if .Count}}count{{else}}no{{end}}", "count"],
  ['{{if and .On (eq .Count 3) (not .None)}}all{{end}}{{if or "" .None}}x{{end}}', "all"],
  ['{{if eq .Name "x" "web"}}one of{{end}} {{ne 1 2}} {{lt 1 2}} {{ge "b" "a"}}', "one of true true true"],
  ["{{range .Names}}[{{.}}]{{end}}", "[a][b]"],
  ["{{range $i, $n := .Names}}{{$i}}={{$n}} {{end}}", "0=a 1=b "],
  ["{{range $k, $v := .Labels}}{{$k}}{{$v}}{{end}}", "a1b2"],
  ["{{range $n := .Names}}{{$n}}{{$.Name}} {{end}}", "aweb bweb "],
  ["{{range .None}}x{{else}}empty{{end}}", "empty"],
  ["{{with .State}}{{.Status}} {{$.Name}}{{end}}{{with .None}}x{{else}}-{{end}}", "running web-"],
  ["{{$x := .Name}}{{if true}}{{$x}}{{end}}", "web"],
  ["{{(index .Names 0)}} {{(.State).Status}}", "a running"],
  ["{{$f := true}}{{range .Names}}{{if $f}}{{$f = false}}{{else}}, {{end}}{{.}}{{end}}", "a, b"],
  ["a {{- .Name -}} b", "awebb"],
  ["{{/* nothing */}}a{{- /* nothing */ -}} b", "ab"],
  ['{{"a\\tb}}"}} {{`raw\\t`}}', "a\tb}} raw\\t"],
  ['{{.Label "x"}} {{"y" | .Label}}', "label x label y"],
  ["{{printf `%s %s` .Name .Id}}", "web abcdef"],
];

for (const [template, text] of rendered) {
  test(`${template} is rendered`, () => {
    assert.equal(renderTemplate(parseTemplate(template), data, { fixed: true }), text);
  });
}

const refused: [template: string, message: RegExp][] = [
  ["{{.Name", /an action is not closed by }}/],
  ["{{if .On}}", /an if, range or with has no {{end}}/],
  ["{{end}}", /unexpected {{end}}/],
  ["{{if .On}}{{else}}{{else}}{{end}}", /unexpected {{else}}/],
  ["{{}}{{|}}", /a value is missing/],
  ["{{(.Name}}", /a \( is not closed/],
  ["{{.Name)}}", /unexpected \)/],
  ["{{#}}", /unexpected "#}}"/],
  ['{{"a}}', /unexpected ""a}}"/],
  ["{{bogus .Name}}", /function "bogus" not defined/],
  ["{{constructor}}", /function "constructor" not defined/],
  ["{{.Bogus}}", /there is no field \.Bogus; the fields are Count, Id, Label/],
  ["{{$x}}", /undefined variable "\$x"/],
  ["{{$x = 1}}", /undefined variable "\$x"/],
  ["{{.Name 1}}", /is not a function and takes no arguments/],
  ["{{range .Count}}{{end}}", /range cannot go over 3/],
  ["{{index .Names 7}}", /index out of range: 7/],
  ["{{lt 1 `a`}}", /cannot compare 1 and a/],
  ["{{upper .Count}}", /upper needs a text, not 3/],
  ['{{printf "%s"}}', /printf has no value for %s/],
];

for (const [template, message] of refused) {
  test(`${template} is refused`, () => {
    assert.throws(() => renderTemplate(parseTemplate(template), data, { fixed: true }), message);
  });
}

test("a field that is not there has no value where fields come and go", () => {
  assert.equal(
    renderTemplate(parseTemplate("{{.Absent}}{{if .Absent.More}}x{{end}}"), data, { fixed: false }),
    "<no value>",
  );
});
