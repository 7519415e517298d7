/** Units that the project knows. */
export type UnitName = "tug.service" | "tug.socket";

/**
 * The units' texts, for the program that `tug` is.
 *
 * The engine is killed alone (KillMode): its monitors and containers are in control groups of their own and go on. It
 * comes back when it dies, so that monitors start none. After a power loss it may take minutes before it is ready.
 * Source: systemd.service(5), systemd.kill(5), systemd.socket(5)
 */
export const unitFiles: Readonly<Record<UnitName, (program: string) => string>> = {
  "tug.service": (program) => `[Unit]
Description=tug container engine
After=network-online.target tug.socket
Wants=network-online.target

[Service]
Type=notify
NotifyAccess=main
ExecStart=@${quote(program)} tug engine
Restart=always
RestartSec=1
TimeoutStartSec=infinity
KillMode=process
Delegate=yes
OOMScoreAdjust=-500
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity

[Install]
WantedBy=multi-user.target
Also=tug.socket
`,
  "tug.socket": () => `[Unit]
Description=Socket of the tug container engine

[Socket]
ListenStream=/run/tug/tug.sock
SocketMode=0600
DirectoryMode=0700
FileDescriptorName=tug
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
`,
};

/** A path as a unit takes it: `%` begins a specifier, a blank would end it. */
function quote(path: string): string {
  const doubled = path.replaceAll("%", "%%");
  return /^[\w./@%+-]+$/.test(doubled) ? doubled : `"${doubled.replace(/["\\]/g, "\\$&")}"`;
}
