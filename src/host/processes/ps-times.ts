/** Moments and durations in the forms of ps(1). Moments are milliseconds since 1970, shown in the engine's time zone. */

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const weekdays = "Sun Mon Tue Wed Thu Fri Sat".split(" ");

const DAY = 24 * 60 * 60 * 1000;

/** `03:02` today, `Jun06` this year, else `1991`: STIME. */
export function startDay(moment: number, now: number): string {
  const [start, today] = [new Date(moment), new Date(now)];
  if (start.getFullYear() !== today.getFullYear()) return String(start.getFullYear());
  return start.toDateString() === today.toDateString()
    ? clock(start)
    : `${monthOf(start)}${two(start.getDate())}`;
}

/** `03:02` within a day, else `Jun06`: START of the BSD formats. */
export function startMoment(moment: number, now: number): string {
  const start = new Date(moment);
  return now - moment < DAY ? clock(start) : `${monthOf(start)}${two(start.getDate())}`;
}

/** `03:02:01` within a day, else `Jun 06`. */
export function longStart(moment: number, now: number): string {
  const start = new Date(moment);
  return now - moment < DAY ? wholeClock(start) : `${monthOf(start)} ${two(start.getDate())}`;
}

/** `Sat Nov 21 08:01:02 2026` */
export function wholeStart(moment: number): string {
  const start = new Date(moment);
  const day = `${weekdays[start.getDay()]} ${monthOf(start)} ${String(start.getDate()).padStart(2)}`;
  return `${day} ${wholeClock(start)} ${start.getFullYear()}`;
}

/** Processor time: `[DD-]HH:MM:SS`. */
export function cpuTime(seconds: number): string {
  const { days, hours, minutes, rest } = split(seconds);
  return `${days > 0 ? `${two(days)}-` : ""}${two(hours)}:${two(minutes)}:${two(rest)}`;
}

/** Processor time of the BSD formats: `MMM:SS`. */
export function bsdTime(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${two(Math.floor(seconds) % 60)}`;
}

/** Time since the start: `[[DD-]HH:]MM:SS`. */
export function elapsed(seconds: number): string {
  const { days, hours, minutes, rest } = split(seconds);
  const day = days > 0 ? `${two(days)}-` : "";
  return `${day}${days > 0 || hours > 0 ? `${two(hours)}:` : ""}${two(minutes)}:${two(rest)}`;
}

function split(seconds: number) {
  const whole = Math.floor(seconds);
  return {
    days: Math.floor(whole / 86_400),
    hours: Math.floor(whole / 3600) % 24,
    minutes: Math.floor(whole / 60) % 60,
    rest: whole % 60,
  };
}

function clock(moment: Date): string {
  return `${two(moment.getHours())}:${two(moment.getMinutes())}`;
}

function wholeClock(moment: Date): string {
  return `${clock(moment)}:${two(moment.getSeconds())}`;
}

function monthOf(moment: Date): string {
  return months[moment.getMonth()] ?? "";
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
