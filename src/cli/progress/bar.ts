import type { dockerApi } from "../../specs/index.ts";
import { humanSize } from "../table/sizes.ts";

/** Narrower terminals get numbers only. */
const LEAST_WIDTH_FOR_BAR = 100;

const BAR_LENGTH = 50;

/** ` [=====>     ]  1.2MB/4.5MB` for a message with numbers, else nothing. */
export function renderBar({ progressDetail }: dockerApi.ProgressMessage, width: number): string {
  const { current = 0, total = 0 } = progressDetail ?? {};
  if (current <= 0 && total <= 0) return "";
  const numbers =
    total > 0 && current <= total ? `${humanSize(current)}/${humanSize(total)}` : humanSize(current);
  if (total <= 0 || width < LEAST_WIDTH_FOR_BAR) return `  ${numbers}`;
  const done = Math.min(Math.floor((current / total) * BAR_LENGTH), BAR_LENGTH);
  return ` [${"=".repeat(done)}>${" ".repeat(BAR_LENGTH - done)}]  ${numbers}`;
}
