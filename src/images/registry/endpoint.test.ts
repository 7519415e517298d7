import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { registryOrigin } from "./endpoint.ts";

describe("registryOrigin", () => {
  const origins: Record<string, string> = {
    "docker.io": "https://registry-1.docker.io",
    "registry.example:5000": "https://registry.example:5000",
    "localhost:5000": "http://localhost:5000",
    localhost: "http://localhost",
    "127.8.9.1": "http://127.8.9.1",
    "[::1]:5000": "http://[::1]:5000",
    "127.0.0.1.example.com": "https://127.0.0.1.example.com",
    "localhost.example.com": "https://localhost.example.com",
    "[2001:db8::1]:443": "https://[2001:db8::1]",
  };
  for (const [domain, origin] of Object.entries(origins)) {
    it(`sends requests for ${domain} to ${origin}`, () =>
      assert.equal(registryOrigin(domain).origin, origin));
  }

  for (const domain of ["127.0.0.1:99999", "[::::]", "[1]:5000"]) {
    it(`refuses ${domain}`, () => assert.throws(() => registryOrigin(domain), { code: "IMAGE_REFERENCE" }));
  }
});
