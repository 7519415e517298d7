import { endpointError } from "./errors.ts";

/** Where an engine listens. */
export type Host =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | SshHost;

/** An engine on a machine that ssh(1) leads to. */
export type SshHost = {
  readonly kind: "ssh";
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
  /** Of the engine's socket there; undefined for the machine's own engine. */
  readonly path: string | undefined;
};

/** Docker's port for connections with TLS. */
const TLS_PORT = 2376;

/** What ssh(1) and the shell at its other end take as one plain word. */
const plainUser = /^[A-Za-z0-9_][A-Za-z0-9_.@\\+-]{0,255}$/;
const plainHost = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}|[0-9a-fA-F:.]{2,45}(?:%[A-Za-z0-9_.-]{1,15})?)$/;
const plainPath = /^\/[A-Za-z0-9_.@%+/:=,-]{1,4095}$/;

/**
 * Reads the address of an engine: `unix:///run/tug/tug.sock`, `tcp://10.0.0.1:2376`, `ssh://user@host:22/run/tug/tug.sock`,
 * of which user, port and path may be left out.
 *
 * @throws ENDPOINT_HOST; for ssh also of anything that ssh or a shell could take for more than a name
 */
export function parseHost(text: string): Host {
  const [, scheme = "", rest = ""] = /^([a-z]+):\/\/(.*)$/s.exec(text) ?? [];
  if (scheme === "unix") return parseUnix(text, rest);
  if (scheme === "tcp") return parseTcp(text, rest);
  if (scheme === "ssh") return parseSsh(text, rest);
  throw unusable(text, scheme === "" ? "it has no scheme" : `the scheme ${scheme} is not known`);
}

/** The address as `parseHost` reads it. */
export function formatHost(host: Host): string {
  if (host.kind === "unix") return `unix://${host.path}`;
  const name = host.host.includes(":") ? `[${host.host}]` : host.host;
  if (host.kind === "tcp") return `tcp://${name}:${host.port}`;
  const user = host.user === undefined ? "" : `${host.user}@`;
  const port = host.port === undefined ? "" : `:${host.port}`;
  return `ssh://${user}${name}${port}${host.path ?? ""}`;
}

function parseUnix(text: string, path: string): Host {
  if (!path.startsWith("/")) throw unusable(text, "the path of the socket is not absolute");
  if (path.includes("\0")) throw unusable(text, "the path of the socket holds a NUL byte");
  return { kind: "unix", path };
}

function parseTcp(text: string, rest: string): Host {
  const [, host = "", port, path = ""] = splitAuthority(rest);
  if (!plainHost.test(host)) throw unusable(text, "it has no usable host name");
  if (path !== "" && path !== "/") throw unusable(text, "a path has no meaning with tcp");
  return { kind: "tcp", host, port: parsePort(text, port) ?? TLS_PORT };
}

function parseSsh(text: string, rest: string): Host {
  const at = rest.split("/", 1)[0]?.lastIndexOf("@") ?? -1;
  const user = at < 0 ? undefined : rest.slice(0, at);
  const [, host = "", port, path = ""] = splitAuthority(rest.slice(at + 1));
  if (user?.includes(":")) throw unusable("ssh://...", "a password in it would be seen by every user");
  if (user !== undefined && !plainUser.test(user))
    throw unusable(text, "the user's name is not a plain word");
  if (!plainHost.test(host)) throw unusable(text, "it has no host name that is a plain word");
  if (path !== "" && path !== "/" && !plainPath.test(path))
    throw unusable(text, "the path has characters that a shell could take for more");
  return {
    kind: "ssh",
    host,
    user,
    port: parsePort(text, port),
    path: path === "" || path === "/" ? undefined : path,
  };
}

/** Host, port and path of an address; an address of IPv6 is in brackets. */
function splitAuthority(rest: string): readonly (string | undefined)[] {
  return (
    /^\[([^\]]*)\](?::([^/]*))?(\/.*)?$/s.exec(rest) ?? /^([^:/]*)(?::([^/]*))?(\/.*)?$/s.exec(rest) ?? []
  );
}

function parsePort(text: string, port: string | undefined): number | undefined {
  if (port === undefined) return undefined;
  if (/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65536) return Number(port);
  throw unusable(text, `${port === "" ? "nothing" : `"${port}"`} is no port`);
}

function unusable(text: string, reason: string) {
  return endpointError("HOST", `cannot use ${JSON.stringify(text.slice(0, 300))} as an engine: ${reason}`, {
    hint: "write unix:///PATH, tcp://HOST:PORT or ssh://[USER@]HOST[:PORT][/PATH]",
  });
}
