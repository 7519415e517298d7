/**
 * System calls that the default container may make whatever its capabilities are, by what they are about. Variants
 * with 32, 64 or time64 are what 32-bit programs call. Names that a machine does not know are skipped there.
 *
 * Facts from moby's profile 0.2.3, that of moby 29.7; what other machines than x86 and arm need is left out.
 * Source: https://github.com/moby/profiles/blob/seccomp/v0.2.3/seccomp/default_linux.go
 */
const groups: Readonly<Record<string, string>> = {
  openClose:
    "open openat openat2 creat close close_range dup dup2 dup3 name_to_handle_at memfd_create memfd_secret",
  readWrite: `read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek _llseek sendfile
    sendfile64 copy_file_range splice tee vmsplice readahead fadvise64 fadvise64_64 cachestat`,
  asyncIo: "io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64",
  files: `access faccessat faccessat2 stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs
    statfs64 fstatfs fstatfs64 statmount listmount chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32
    lchown lchown32 fchownat utime utimes futimesat utimensat utimensat_time64 truncate truncate64 ftruncate
    ftruncate64 fallocate sync syncfs fsync fdatasync sync_file_range umask`,
  attributes: `getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat listxattr llistxattr
    flistxattr listxattrat removexattr lremovexattr fremovexattr removexattrat`,
  directories: `chdir fchdir getcwd mkdir mkdirat rmdir mknod mknodat link linkat symlink symlinkat readlink
    readlinkat unlink unlinkat rename renameat renameat2 getdents getdents64`,
  descriptors: `fcntl fcntl64 ioctl flock pipe pipe2 eventfd eventfd2 signalfd signalfd4 timerfd_create
    timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 inotify_init inotify_init1
    inotify_add_watch inotify_rm_watch fanotify_mark`,
  waiting: `poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create epoll_create1 epoll_ctl
    epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2 pause nanosleep restart_syscall`,
  memory: `brk mmap mmap2 munmap mremap mprotect madvise mincore msync mlock mlock2 mlockall munlock munlockall
    mseal remap_file_pages map_shadow_stack membarrier pkey_alloc pkey_free pkey_mprotect process_mrelease`,
  sockets: `bind connect listen accept accept4 getsockname getpeername getsockopt setsockopt shutdown socketpair
    socketcall send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64`,
  systemV: `ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt
    shmget mq_open mq_unlink mq_notify mq_getsetattr mq_timedsend mq_timedsend_time64 mq_timedreceive
    mq_timedreceive_time64`,
  processes: `fork vfork execve execveat exit exit_group wait4 waitid waitpid getpid getppid gettid getpgid getpgrp
    setpgid getsid setsid set_tid_address pidfd_open pidfd_send_signal prctl getrusage getrlimit ugetrlimit
    setrlimit prlimit64 get_thread_area set_thread_area uretprobe`,
  scheduling: `getpriority setpriority ioprio_get ioprio_set getcpu sched_yield sched_getaffinity
    sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam sched_getscheduler
    sched_setscheduler sched_get_priority_min sched_get_priority_max sched_rr_get_interval
    sched_rr_get_interval_time64`,
  locks: `futex futex_time64 futex_wait futex_waitv futex_wake futex_requeue get_robust_list set_robust_list rseq`,
  signals: `kill tkill tgkill rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_tgsigqueueinfo
    rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 sigaltstack sigprocmask sigreturn`,
  time: `time times gettimeofday adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64
    clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 alarm getitimer setitimer timer_create
    timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64`,
  identity: `getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid
    getresgid32 getgroups getgroups32 setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32
    setresuid setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 setgroups setgroups32
    capget capset`,
  restrictions: "seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self",
  machine: "uname sysinfo getrandom",
};

/** The calls above as one sorted list. */
export const commonCalls: readonly string[] = Object.values(groups)
  .flatMap((group) => group.split(/\s+/))
  .sort();

/** Further calls that a capability in the bounding set unlocks. */
export const callsByCapability: Readonly<Record<string, readonly string[]>> = {
  CAP_DAC_READ_SEARCH: ["open_by_handle_at"],
  CAP_SYS_ADMIN: [
    "bpf",
    "clone",
    "clone3",
    "fanotify_init",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "lookup_dcookie",
    "lsm_get_self_attr",
    "lsm_list_modules",
    "lsm_set_self_attr",
    "mount",
    "mount_setattr",
    "move_mount",
    "open_tree",
    "perf_event_open",
    "quotactl",
    "quotactl_fd",
    "setdomainname",
    "sethostname",
    "setns",
    "syslog",
    "umount",
    "umount2",
    "unshare",
  ],
  CAP_SYS_BOOT: ["reboot"],
  CAP_SYS_CHROOT: ["chroot"],
  CAP_SYS_MODULE: ["delete_module", "finit_module", "init_module"],
  CAP_SYS_PACCT: ["acct"],
  CAP_SYS_PTRACE: [
    "kcmp",
    "pidfd_getfd",
    "process_madvise",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
  ],
  CAP_SYS_RAWIO: ["ioperm", "iopl"],
  CAP_SYS_TIME: ["clock_settime", "clock_settime64", "settimeofday", "stime"],
  CAP_SYS_TTY_CONFIG: ["vhangup"],
  CAP_SYS_NICE: ["get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"],
  CAP_SYSLOG: ["syslog"],
  CAP_BPF: ["bpf"],
  CAP_PERFMON: ["perf_event_open"],
};
