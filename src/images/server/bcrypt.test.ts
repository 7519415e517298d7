import assert from "node:assert/strict";
import { it } from "node:test";
import { readBcrypt } from "./bcrypt.ts";

/** Made with libxcrypt's crypt(3). */
const hashes: [password: string, hash: string][] = [
  ["secret", "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a"],
  ["pass word", "$2b$04$N9qo8uLOickgx2ZMRZoMyeFYvCh4tFwLATUGJdr/f50DfKq0MUcte"],
  ["", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."],
  ["x".repeat(80), "$2y$04$......................SZFhVdUK5wGKY4lx/QrgUMHG0XsWjbi"],
  ["ä€", "$2y$08$.9q.8uLOickgx2ZMRZoMy.i0cwQz4asBybpTL50Je.ERNSRjerA9K"],
];

for (const [password, hash] of hashes) {
  it(`knows the password of ${hash.slice(0, 24)}`, async () => {
    assert.equal(await readBcrypt(hash)?.(password), true);
    assert.equal(await readBcrypt(hash)?.(`!${password}`), false);
  });
}

it("does not know other forms of hashes, nor costs that would take for ever", () => {
  const rest = "abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";
  for (const hash of ["", "secret", `$2x$05$${rest}`, `$2y$31$${rest}`, `$2y$03$${rest}`, "$6$a$b"]) {
    assert.equal(readBcrypt(hash), undefined, hash);
  }
});

it("does not know hashes with bits that mean nothing, which would fit no password", () => {
  const [salt, sum] = ["abcdefghijklmnopqrstuu", "OQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a"];
  assert.notEqual(readBcrypt(`$2y$05$${salt}${sum}`), undefined);
  assert.equal(readBcrypt(`$2y$05$${salt.slice(0, -1)}v${sum}`), undefined);
  assert.equal(readBcrypt(`$2y$05$${salt}${sum.slice(0, -1)}b`), undefined);
});
