import { hostError } from "../errors.ts";
import { type PsColumn, psColumns } from "./ps-columns.ts";

/** How a list of processes is asked for, by the formats that options choose. */
type Choice = { full: boolean; bsd: boolean; byUser: boolean; columns: PsColumn[] };

const formats = {
  plain: "pid,tty,time,ucmd=CMD",
  full: "user=UID,pid,ppid,c,stime,tty,time,cmd",
  bsd: "pid,tty,stat,bsdtime,args",
  byUser: "user,pid,%cpu,%mem,vsz,rss,tty,stat,bsdstart,bsdtime,args",
} as const;

/**
 * The columns that options of ps(1) ask for. Options that select processes mean nothing here: all of the container's are
 * shown.
 *
 * @param words such as `-ef`, `aux`, `-o`, `pid,comm`
 * @throws HOST_PS_OPTION
 */
export function columnsOfPs(words: readonly string[]): readonly PsColumn[] {
  const choice: Choice = { full: false, bsd: false, byUser: false, columns: [] };
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) readWord(word, rest, choice);
  if (choice.columns.length > 0) return choice.columns;
  if (choice.byUser) return readFormat(formats.byUser);
  if (choice.full) return readFormat(formats.full);
  return readFormat(choice.bsd ? formats.bsd : formats.plain);
}

/** Refuses what is no option of ps before anything is looked at. @throws HOST_PS_OPTION */
export function checkPsOptions(words: readonly string[]): void {
  columnsOfPs(words);
}

function readWord(word: string, rest: string[], choice: Choice): void {
  if (word.startsWith("--")) {
    const [, value] = /^--format(?:=(.*))?$/.exec(word) ?? refuse(word);
    choice.columns.push(...readFormat(value ?? rest.shift() ?? ""));
    return;
  }
  const dashed = word.startsWith("-");
  const letters = word.replace(/^-/, "");
  for (const [index, letter] of [...letters].entries()) {
    if (letter === "o") {
      choice.columns.push(...readFormat(letters.slice(index + 1) || rest.shift() || ""));
      return;
    }
    // `ps -aux` is what people write for `ps aux`.
    if (letter === "u" && (!dashed || /[ax]/.test(letters))) choice.byUser = true;
    else if (letter === "f" && dashed) choice.full = true;
    else if ("ax".includes(letter) && !dashed) choice.bsd = true;
    else if (!("axw".includes(letter) || (dashed && "eAdH".includes(letter)))) refuse(word);
  }
}

/** `pid,user,cmd=TITLE`: what follows the first `=` is the title, to the end. */
function readFormat(format: string): PsColumn[] {
  const [, list = "", title] = /^([^=]*)(?:=(.*))?$/s.exec(format) ?? [];
  const columns = list.split(",").map((word) => psColumns.get(word) ?? refuse(word));
  const last = columns.at(-1);
  if (title === undefined || last === undefined) return columns;
  const comma = title.indexOf(",");
  // ps itself takes the comma as a part of the title; here the columns after it are wanted.
  const [own, after] = comma < 0 ? [title, []] : [title.slice(0, comma), readFormat(title.slice(comma + 1))];
  return [...columns.slice(0, -1), { ...last, title: own }, ...after];
}

function refuse(word: string): never {
  throw hostError("PS_OPTION", `cannot list processes: unknown option or column ${JSON.stringify(word)}`, {
    hint: `use -ef, aux, or -o with some of ${[...psColumns.keys()].join(",")}`,
  });
}
