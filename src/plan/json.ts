import type { Plan } from "./plan.ts";

/** A plan as plain JSON: numbers of 64 bits become texts, bytes become base64. */
export function planToJson(plan: Plan): unknown {
  return JSON.parse(
    JSON.stringify(plan, (_, value: unknown) => {
      if (typeof value === "bigint") return value.toString();
      return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
    }),
  );
}
