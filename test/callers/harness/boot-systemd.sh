#!/bin/sh
# Becomes systemd as process 1, in mount and process namespaces of its own: boot-systemd.sh PACKAGES DIRECTORY
#
# PACKAGES is a directory with systemd's packages, which become its root, as they are; what it writes there goes to DIRECTORY.
# /run is the caller's. Control groups are those of v2 alone. Nothing but systemd itself is started.
set -eu
root=$2/root
mkdir "$root" "$2/upper" "$2/work"
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$root"
umount --recursive /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# Where it will be; in the top group, which hands down controllers, there may be no process.
mkdir /sys/fs/cgroup/init.scope
echo 0 >/sys/fs/cgroup/init.scope/cgroup.procs
for name in proc sys dev run; do
  mkdir -p "$root/$name"
  mount --rbind "/$name" "$root/$name"
done
mkdir -p "$root/tmp" "$root/etc/systemd/system"
echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
printf '[Unit]\nDefaultDependencies=no\nAllowIsolate=yes\n' >"$root/etc/systemd/system/tug-test.target"
exec env -i container=tug-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  chroot "$root" /usr/lib/systemd/systemd --unit=tug-test.target --log-target=console --show-status=no
