import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import type { ImagesHandler } from "./routes.ts";

/** A name, a password and tokens. */
const MAX_AUTH_BODY_BYTES = 64 * 1024;

/** POST /auth: tries credentials out. Keeping them is the client's matter. */
export const logIn: ImagesHandler = async (images, request) => {
  const auth = dockerApi.parseAuthBody(await request.body.json(MAX_AUTH_BODY_BYTES));
  const { identityToken } = await images.logIn(auth, request.signal);
  const answer: dockerApi.AuthAnswer = { Status: "Login Succeeded", IdentityToken: identityToken ?? "" };
  return json(answer);
};
