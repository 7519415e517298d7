import { TugError } from "../../base/index.ts";

/** What is read, or nothing where there is nothing of that name. */
export async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const isMissing =
      error instanceof TugError && ["IMAGE_NOT_FOUND", "IMAGE_REGISTRY_NOT_FOUND"].includes(error.code);
    if (isMissing) return undefined;
    throw error;
  }
}
