import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import {
  type FakeRegistry,
  reply,
  requireBasic,
  requireToken,
  startFakeRegistry,
} from "../testing/fake-registry.ts";
import { createRegistryClient } from "./client.ts";

const user = { username: "me", password: "se:cret" };

describe("logging in", () => {
  let registry: FakeRegistry;
  beforeEach(async () => {
    registry = await startFakeRegistry();
    registry.faults.push((request, response) => {
      if (request.url !== "/v2/" || request.headers.authorization === undefined) return false;
      response.writeHead(200).end("{}");
      return true;
    });
  });
  afterEach(() => registry[Symbol.asyncDispose]());

  const logIn = async (
    credentials: Parameters<ReturnType<typeof createRegistryClient>["logIn"]>[1] = user,
  ) => {
    using client = createRegistryClient({ delay: async () => {} });
    return await client.logIn(registry.host, credentials);
  };

  it("tries a name and a password out", async () => {
    registry.faults.unshift(requireBasic(user.username, user.password));
    assert.deepEqual(await logIn(), { identityToken: undefined });
    await assert.rejects(logIn({ ...user, password: "wrong" }), {
      code: "IMAGE_REGISTRY_UNAUTHORIZED",
      kind: "unauthorized",
      message: `cannot log in to ${registry.host}: registry ${registry.host} answered 401 (UNAUTHORIZED: UNAUTHORIZED happened)`,
      hint: "check the user's name and the password",
    });
  });

  it("gets an identity token where the token server gives one", async () => {
    const admit = ({ headers }: { headers: { authorization?: string | undefined } }) =>
      headers.authorization === `Basic ${btoa("me:se:cret")}`;
    const answer = () => ({ token: "token", refresh_token: "identity" });
    registry.faults.unshift(requireToken(registry.host, { admit, answer }));
    assert.deepEqual(await logIn(), { identityToken: "identity" });
    const asked = new URL(registry.requests[1]?.slice(4) ?? "", "http://x").searchParams;
    assert.deepEqual(
      [asked.get("account"), asked.get("offline_token"), asked.get("client_id")],
      ["me", "true", "tug"],
    );
    await assert.rejects(logIn({ ...user, password: "wrong" }), {
      code: "IMAGE_REGISTRY_UNAUTHORIZED",
      hint: "check the user's name and the password",
    });
  });

  it("exchanges an identity token", async () => {
    const admit = (_: unknown, body: string) => new URLSearchParams(body).get("refresh_token") === "identity";
    registry.faults.unshift(requireToken(registry.host, { admit }));
    await logIn({ identityToken: "identity" });
    await assert.rejects(logIn({ identityToken: "other" }), { code: "IMAGE_REGISTRY_UNAUTHORIZED" });
  });

  it("is content with a registry that asks for nothing", async () => {
    registry.faults.unshift(reply(200));
    assert.deepEqual(await logIn(), { identityToken: undefined });
  });

  it("tells what is no registry", async () => {
    await assert.rejects(logIn(), { code: "IMAGE_REGISTRY_PROTOCOL", message: /so it is no registry$/ });
  });

  it("does not answer what it does not know", async () => {
    registry.faults.unshift(reply(401, { "www-authenticate": "Negotiate" }));
    await assert.rejects(logIn(), {
      code: "IMAGE_REGISTRY_PROTOCOL",
      message: /another kind of credentials$/,
    });
  });
});
