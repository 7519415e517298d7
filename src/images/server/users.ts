import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createMutex } from "../../base/index.ts";
import { imageError } from "../errors.ts";
import { Refusal } from "./answers.ts";
import { readBcrypt } from "./bcrypt.ts";
import { readShaCrypt } from "./sha-crypt.ts";
import { standIn } from "./stand-in.ts";

/** Those who may use a registry. */
export interface Users {
  /** The name of whoever sends an Authorization header. @throws Refusal */
  identify(authorization: string | undefined): Promise<string>;
}

/** Passwords that wait to be hashed, one after the other: whoever guesses must not keep the engine from its work. */
const mostWaiting = 16;

/**
 * Reads a file with a line `name:hash` for each user; lines that begin with # are comments.
 *
 * @param name of the file, for errors
 * @throws IMAGE_REGISTRY_SERVER for a line that is none, or a hash of another form than $2y$, $5$ and $6$
 */
export function readUsers(text: string, name: string): Users {
  const entries = parseUsers(text, name);
  const all = [...entries.values()];
  const secret = randomBytes(32);
  const verifying = createMutex();
  const good = new Map<string, Buffer>();
  let waiting = 0;
  const verify = async (password: string, entry: Entry): Promise<boolean> => {
    if (waiting >= mostWaiting) {
      throw new Refusal(429, "TOOMANYREQUESTS", "too many passwords wait to be checked", {
        "retry-after": "2",
      });
    }
    waiting += 1;
    try {
      return await verifying.run(() => entry.verify(password));
    } finally {
      waiting -= 1;
    }
  };
  return {
    async identify(authorization) {
      const { user, password } = readBasic(authorization);
      const known = entries.get(user);
      // A name that nobody has takes as long as one that somebody has.
      const entry = known ?? standIn(all, user, secret);
      if (entry === undefined) throw unauthorized("nobody may use the registry");
      const print = createHash("sha256").update(`${entry.hash}\0${password}`).digest();
      const before = good.get(user);
      if (before !== undefined && timingSafeEqual(before, print)) return user;
      const isRight = await verify(password, entry);
      if (!isRight || known === undefined) throw unauthorized("the user or the password is wrong");
      good.set(user, print);
      return user;
    },
  };
}

type Entry = { readonly hash: string; readonly verify: (password: string) => Promise<boolean> };

function parseUsers(text: string, file: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [, user, hash = ""] = /^([^:]+):(\S+)\s*$/.exec(line) ?? [];
    const verify = readBcrypt(hash) ?? readShaCrypt(hash);
    if (user === undefined || verify === undefined) {
      const reason = `line ${index + 1} is no user with a hash, or one that takes too long`;
      throw imageError("REGISTRY_SERVER", `cannot use the users of ${file}: ${reason}`, {
        hint: "write NAME:HASH with what htpasswd -B or openssl passwd -6 makes",
      });
    }
    entries.set(user, { hash, verify });
  }
  if (entries.size > 0) return entries;
  throw imageError("REGISTRY_SERVER", `cannot use the users of ${file}: there are none`);
}

/** Source: https://www.rfc-editor.org/rfc/rfc7617 */
function readBasic(authorization: string | undefined): { user: string; password: string } {
  const [, encoded] = /^basic +([A-Za-z0-9+/=]{1,4096})$/i.exec(authorization ?? "") ?? [];
  const text = Buffer.from(encoded ?? "", "base64").toString();
  const colon = text.indexOf(":");
  if (encoded === undefined || colon < 1) throw unauthorized("a user and a password are needed");
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function unauthorized(message: string): Refusal {
  return new Refusal(401, "UNAUTHORIZED", message, {
    "www-authenticate": 'Basic realm="tug", charset="UTF-8"',
  });
}
