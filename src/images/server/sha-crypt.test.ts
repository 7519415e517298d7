import assert from "node:assert/strict";
import { it } from "node:test";
import { readShaCrypt } from "./sha-crypt.ts";

/** Vectors of the specification, and of `openssl passwd`. */
const hashes: [password: string, hash: string][] = [
  [
    "secret",
    "$6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2CKPPrVACtLtip/cZ/1GM/O6IND4WQhG.",
  ],
  ["pass word", "$5$saltsalt$9Wp9Qw4Ze8Jxq5F1Z3UnS47KFhc8AqhCRyxFDa8e660"],
  [
    "Hello world!",
    "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
  ],
  ["Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"],
  ["Hello world!", "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA"],
];

for (const [password, hash] of hashes) {
  it(`knows the password of ${hash.slice(0, 24)}`, async () => {
    assert.equal(await readShaCrypt(hash)?.(password), true);
    assert.equal(await readShaCrypt(hash)?.(`${password}!`), false);
    assert.equal(await readShaCrypt(hash)?.(""), false);
  });
}

it("does not know other forms of hashes", () => {
  for (const hash of [
    "",
    "secret",
    "$2y$05$abcdefghijklmnopqrstuu",
    "$1$a$b",
    "$6$$",
    hashes[0]?.[1].slice(0, -1) ?? "",
  ]) {
    assert.equal(readShaCrypt(hash), undefined, hash);
  }
});
