import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  familiarReference,
  familiarRepository,
  formatReference,
  parseName,
  parseReference,
  parseTag,
  repositoryOf,
} from "./reference.ts";

const f64 = "f".repeat(64);

describe("parseReference", () => {
  const full: Record<string, string> = {
    debian: "docker.io/library/debian:latest",
    "debian:12": "docker.io/library/debian:12",
    "user/app": "docker.io/user/app:latest",
    "docker.io/debian": "docker.io/library/debian:latest",
    "index.docker.io/debian": "docker.io/library/debian:latest",
    "index.docker.io/a/b:c": "docker.io/a/b:c",
    "localhost/app": "localhost/app:latest",
    "localhost:5000/app:1": "localhost:5000/app:1",
    "test:5000/repo": "test:5000/repo:latest",
    "test.com:5000": "docker.io/library/test.com:5000",
    "192.168.1.1": "docker.io/library/192.168.1.1:latest",
    "[::1]:5000/a/b": "[::1]:5000/a/b:latest",
    "[2001:db8::1]/repo": "[2001:db8::1]/repo:latest",
    "LOCALDOMAIN/debian": "LOCALDOMAIN/debian:latest",
    "lowercase:Uppercase": "docker.io/library/lowercase:Uppercase",
    "dock__er/a---b": "docker.io/dock__er/a---b:latest",
    [`docker.io/${f64}`]: `docker.io/library/${f64}:latest`,
    [`debian@sha256:${f64}`]: `docker.io/library/debian@sha256:${f64}`,
    [`host.example/x:1@sha512:${f64}${f64}`]: `host.example/x:1@sha512:${f64}${f64}`,
    "xn--n3h.com/myimage:xn--n3h.com": "xn--n3h.com/myimage:xn--n3h.com",
    [`a/${"b".repeat(253)}`]: `docker.io/a/${"b".repeat(253)}:latest`,
  };
  for (const [text, expected] of Object.entries(full)) {
    it(`takes ${text} for ${expected}`, () => {
      const reference = parseReference(text);
      assert.equal(formatReference(reference), expected);
      assert.deepEqual(parseReference(expected), reference);
      assert.deepEqual(parseReference(familiarReference(reference)), reference);
    });
  }

  const malformed: Record<string, RegExp> = {
    "": /it is empty/,
    ":tag": /"library\/" is not a repository name/,
    [`@sha256:${f64}`]: /is not a repository name/,
    [f64]: /image ID/,
    "repo@sha256:ffff": /"sha256:ffff" is not a digest/,
    [`repo@md5:${f64}`]: /is not a digest/,
    [`repo@sha256:${"F".repeat(64)}`]: /is not a digest/,
    "Debian:12": /repository name \(library\/Debian\) must be lowercase/,
    "test:5000/Upper/lower:tag": /must be lowercase/,
    "aa/asdf$$^/aa": /is not a repository name/,
    "a//b": /is not a repository name/,
    "debian/": /is not a repository name/,
    "dock..er/docker": /is not a registry's host|is not a repository name/,
    "-docker/docker": /is not a repository name/,
    "https://example.com/debian": /is not a registry's host/,
    "[fe80::1%eth0]:5000/repo": /is not a registry's host/,
    "[fc00::1]:5000": /is not/,
    "debian:-x": /"-x" is not a tag/,
    [`debian:${"t".repeat(129)}`]: /is not a tag/,
    "debian:a:b": /"a:b" is not a tag/,
    [`example.com/${"a".repeat(256)}`]: /longer than 255/,
    ["a".repeat(5000)]: /too long/,
    "deb ian": /is not a repository name/,
    "debian\n": /is not a repository name/,
  };
  for (const [text, message] of Object.entries(malformed)) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
      assert.throws(() => parseReference(text), { code: "IMAGE_REFERENCE", kind: "invalid", message });
    });
  }

  it("takes time linear in the length of hostile input", () => {
    assert.throws(() => parseReference(`${"a-".repeat(500)}.`), { code: "IMAGE_REFERENCE" });
    assert.throws(() => parseReference(`${"A-".repeat(500)}/b`), { code: "IMAGE_REFERENCE" });
  });

  it("lets embedded repositories stand for themselves", () => {
    const options = { embedded: ["tug/hello"] };
    const hello = parseReference("tug/hello", options);
    assert.deepEqual(hello, { domain: "", path: "tug/hello", tag: "latest" });
    assert.equal(formatReference(hello), "tug/hello:latest");
    assert.deepEqual(parseReference(formatReference(hello), options), hello);
    assert.equal(parseReference("docker.io/tug/hello", options).domain, "docker.io");
    assert.equal(parseReference("tug/hello2", options).domain, "docker.io");
    assert.equal(parseReference("tug/hello").domain, "docker.io");
  });
});

describe("parseTag", () => {
  it("gives no image a digest, or what is not to be told from one", () => {
    assert.equal(formatReference(parseTag("app")), "docker.io/library/app:latest");
    for (const text of [`app@sha256:${f64}`, `app:1@sha256:${f64}`, "sha256:abc"]) {
      assert.throws(() => parseTag(text), { code: "IMAGE_REFERENCE", message: /digest$/ });
    }
  });
});

describe("forms", () => {
  it("shortens only official names of the default registry", () => {
    const familiar = (text: string) => familiarReference(parseReference(text));
    assert.equal(familiar("docker.io/library/debian"), "debian:latest");
    assert.equal(familiar("docker.io/user/app:1"), "user/app:1");
    assert.equal(familiar("docker.io/library/a/b:1"), "library/a/b:1");
    assert.equal(familiar("localhost:5000/library/debian"), "localhost:5000/library/debian:latest");
  });

  it("names the repository", () => {
    assert.equal(repositoryOf(parseReference("debian:12")), "docker.io/library/debian");
    assert.equal(familiarRepository(parseReference(`debian@sha256:${f64}`)), "debian");
  });

  it("keeps a name without a tag apart where asked to", () => {
    assert.equal(parseName("debian").tag, undefined);
    assert.equal(parseReference("debian").tag, "latest");
  });
});
