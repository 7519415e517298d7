#!/bin/sh
# Runs a program as if on a machine of its own: own-machine.sh GROUP PROGRAM ARGUMENTS...
#
# It has network, mount, process and control group namespaces of its own, an empty /run with a place for temporary files in
# it, an empty /dev/shm, loopback, and sees the control group GROUP, which is made in every hierarchy, as the root. When the
# program ends, every process that it left behind ends too and its mounts go; the groups are the caller's to remove.
set -eu

main() {
  case $1 in
  --rooted)
    leave_root "$2"
    shift 2
    exec unshare --net --mount --pid --fork --kill-child --mount-proc -- "$0" --inside "$@"
    ;;
  --inside)
    shift
    see_groups_as_roots
    mount -t tmpfs -o mode=755 tmpfs /run
    # podman has its locks there.
    mount -t tmpfs -o mode=1777 tmpfs /dev/shm
    mkdir -m 1777 /run/tmp
    raise_loopback
    # The shell stays: as process 1 it takes the ends of processes that have lost their parents.
    TMPDIR=/run/tmp "$@" &
    wait $!
    ;;
  *)
    enter_group "$1"
    exec unshare --cgroup -- "$0" --rooted "$@"
    ;;
  esac
}

# Where the control groups are: all hierarchies, or those of one version.
hierarchies() {
  findmnt --raw --noheadings --output TARGET --types "${1:-cgroup,cgroup2}"
}

# On v1 a group begins without processors and memory nodes, on v2 without what its parent does not hand down.
enter_group() {
  for top in $(hierarchies); do
    mkdir "$top/$1"
    for file in cpuset.cpus cpuset.mems; do
      if [ -e "$top/cpuset.sched_load_balance" ]; then cat "$top/$file" >"$top/$1/$file"; fi
    done
    hand_down "$top"
    echo $$ >"$top/$1/cgroup.procs"
  done
}

# On v2 a group that hands controllers down has no processes, unless it is the machine's root.
leave_root() {
  for top in $(hierarchies cgroup2); do
    mkdir "$top/$1/caller"
    echo $$ >"$top/$1/caller/cgroup.procs"
    hand_down "$top/$1"
  done
}

# Beside v1 the v2 hierarchy has no controllers worth it.
hand_down() {
  if [ ! -e "$1/cgroup.subtree_control" ] || [ -n "$(hierarchies cgroup)" ]; then return 0; fi
  for controller in $(cat "$1/cgroup.controllers"); do
    echo "+$controller" 2>/dev/null >"$1/cgroup.subtree_control" || true
  done
}

# Mounted anew, a hierarchy shows the group that the namespace began in as its root.
see_groups_as_roots() {
  findmnt --raw --noheadings --output TARGET,FSTYPE,FS-OPTIONS --types cgroup,cgroup2 |
    while read -r target type options; do
      umount "$target"
      controllers=$(echo "$options" | tr , '\n' | grep -v -x -e rw -e xattr -e nsdelegate | paste -s -d ,)
      case $type,$controllers in
      cgroup2,*) mount -t cgroup2 cgroup2 "$target" ;;
      cgroup,name=*) mount -t cgroup -o "none,$controllers" cgroup "$target" ;;
      *) mount -t cgroup -o "$controllers" cgroup "$target" ;;
      esac
    done
}

raise_loopback() {
  perl -MSocket -e '
    socket(my $any, AF_INET, SOCK_DGRAM, 0) or die "socket: $!";
    my $up = pack("a16sx22", "lo", 1);
    ioctl($any, 0x8914, $up) or die "lo: $!"'
}

main "$@"
