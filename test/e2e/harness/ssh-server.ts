import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join, resolve } from "node:path";
import { debianProgram, requireRoot, type TugInstance, temporaryDirectory } from "../../environment/index.ts";

/** Another machine: an ssh server of the test's own, by which root reaches the `tug` of an instance. */
export type SshServer = AsyncDisposable & {
  readonly port: number;
  /** For whoever is to reach it: an `ssh` on PATH with keys and hosts of its own, and a home without any. */
  readonly env: Readonly<Record<string, string>>;
  /** The command lines that were carried out there. */
  commands(): Promise<string[]>;
  /** Makes every command there end like this. */
  answerWith(script: string): Promise<void>;
};

const [server, client, keygen] = [debianProgram("sshd"), debianProgram("ssh"), debianProgram("ssh-keygen")];
const helper = resolve(import.meta.dirname, "../../../dist/helper/tug-helper");

/** Why a test with such a server must be skipped, or false. */
export function needsSsh(): string | false {
  const alone = () =>
    spawnSync("unshare", ["--mount", "true"]).status === 0 ? false : "needs mount namespaces of its own";
  return requireRoot() || server.skip || client.skip || alone();
}

/** What sshd wants of its machine, in a mount namespace of its own: its user, its directory, a root without a locked password. */
const privateFiles = `
mount --make-rprivate /
mount --bind "$0/passwd" /etc/passwd
mount --bind "$0/shadow" /etc/shadow
mount -t tmpfs tmpfs /run
mkdir -m 755 /run/sshd
exec "$@"
`;

/** Starts one on loopback. Every connection has a process of its own, which ends with it. */
export async function startSshServer(tug: TugInstance): Promise<SshServer> {
  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(await temporaryDirectory());
  const place = (name: string) => join(path, name);
  await writeServer(place, tug);
  const children = new Set<ReturnType<typeof spawn>>();
  const listener = createServer({ pauseOnConnect: true }, (socket) => {
    const words = [
      "--mount",
      "sh",
      "-ec",
      privateFiles,
      path,
      server.path,
      "-i",
      "-e",
      "-f",
      place("sshd_config"),
    ];
    const child = spawn("unshare", words, { stdio: [socket, socket, "ignore"] });
    children.add(child);
    child.once("close", () => children.delete(child));
    child.once("spawn", () => socket.destroy());
  });
  opened.defer(async () => {
    listener.close();
    const ended = [...children].map((child) => once(child, "close"));
    for (const child of children) child.kill();
    await Promise.all(ended);
  });
  await once(listener.listen(0, "127.0.0.1"), "listening");
  const { port } = listener.address() as AddressInfo;
  await writeClient(place, port);
  const kept = opened.move();
  return {
    port,
    env: {
      PATH: `${place("here")}:${process.env.PATH}`,
      HOME: place("home"),
      DOCKER_CONFIG: place("docker"),
    },
    commands: async () =>
      (await readFile(place("commands"), "utf8").catch(() => "")).split("\n").slice(0, -1),
    answerWith: (script) => writeProgram(place("there/tug"), script),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function writeServer(place: (name: string) => string, tug: TugInstance): Promise<void> {
  for (const name of ["there", "here", "home", "docker"]) await mkdir(place(name));
  for (const name of ["host_key", "user_key"])
    spawnSync(keygen.path, ["-q", "-t", "ed25519", "-N", "", "-f", place(name)]);
  await copyFile(place("user_key.pub"), place("authorized_keys"));
  const root = `root:x:0:0::${place("home")}:/bin/sh\n`;
  await writeFile(place("passwd"), `${root}sshd:x:65533:65534::/run/sshd:/bin/false\n`);
  await writeFile(place("shadow"), "root:*:1::::::\nsshd:*:1::::::\n");
  const roots = `TUG_DATA_ROOT=${tug.data} TUG_RUN_ROOT=${tug.run}`;
  await writeFile(
    place("sshd_config"),
    `HostKey ${place("host_key")}
AuthorizedKeysFile ${place("authorized_keys")}
StrictModes no
UsePAM no
PasswordAuthentication no
PidFile none
SshdSessionPath ${debianProgram("sshd-session").path}
SshdAuthPath ${debianProgram("sshd-auth").path}
SetEnv PATH=${place("there")}:/usr/bin:/bin ${roots} COMMANDS=${place("commands")}
`,
  );
  // As the stock client calls it there, too.
  for (const name of ["tug", "docker"])
    await writeProgram(
      place(`there/${name}`),
      `echo "${name} $*" >> "$COMMANDS"; exec -a tug ${helper} "$@"`,
    );
}

async function writeClient(place: (name: string) => string, port: number): Promise<void> {
  const hostKey = (await readFile(place("host_key.pub"), "utf8")).trim();
  await writeFile(place("known_hosts"), `[127.0.0.1]:${port} ${hostKey}\n`);
  await writeFile(
    place("ssh_config"),
    `IdentityFile ${place("user_key")}
IdentitiesOnly yes
IdentityAgent none
UserKnownHostsFile ${place("known_hosts")}
GlobalKnownHostsFile /dev/null
StrictHostKeyChecking yes
`,
  );
  await writeProgram(place("here/ssh"), `exec ${client.path} -F ${place("ssh_config")} "$@"`);
}

async function writeProgram(path: string, script: string): Promise<void> {
  await writeFile(path, `#!/bin/bash\n${script}\n`);
  await chmod(path, 0o755);
}
