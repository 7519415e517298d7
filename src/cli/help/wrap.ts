/** No column is narrower, however narrow the terminal. */
const LEAST_WIDTH = 24;

/** A sentence in lines of at most so many characters, broken between words. */
export function wrap(sentence: string, width: number): string[] {
  const most = Math.max(width, LEAST_WIDTH);
  const lines: string[] = [];
  for (const word of sentence.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= most)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
