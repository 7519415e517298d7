/* Made from src/plan/ops.ts by: npm run gen */
#ifndef TUG_OPS_GEN_H
#define TUG_OPS_GEN_H

#include <stddef.h>
#include <stdint.h>
#include "plan.h"

#define TUG_TABLE_HASH "3bb3db9b0bf872cd"
#define TUG_TABLE_HASH_BYTES { 0x3b, 0xb3, 0xdb, 0x9b, 0x0b, 0xf8, 0x72, 0xcd }

#define LIST_HOST 0
#define LIST_STAGE 1
#define LIST_INIT 2
#define LIST_COUNT 3
#define PHASE_PREPARE 0
#define PHASE_ATTEND 1
#define PHASE_ENTER 2
#define PHASE_MOUNT 3
#define PHASE_ROOT 4
#define PHASE_IDENTITY 5
#define PHASE_FINAL 6

#define OP_LIST(X) \
	X(directory) \
	X(write_file) \
	X(remove) \
	X(sync_filesystem) \
	X(open_file) \
	X(inherit) \
	X(fifo) \
	X(connect) \
	X(socket_pair) \
	X(open_namespace) \
	X(network_ahead) \
	X(open_process) \
	X(user_namespace) \
	X(run_stage) \
	X(await) \
	X(release) \
	X(hook) \
	X(start) \
	X(await_exec) \
	X(wait_exit) \
	X(notify_socket) \
	X(notify) \
	X(init_process) \
	X(send_process) \
	X(signal) \
	X(await_death) \
	X(read_in_root) \
	X(stat_in_root) \
	X(unpack_tree) \
	X(pack_tree) \
	X(cgroup_create) \
	X(cgroup_open) \
	X(cgroup_set) \
	X(cgroup_devices) \
	X(cgroup_kill) \
	X(cgroup_remove) \
	X(cgroup_freeze) \
	X(cgroup_vacate) \
	X(cgroup_join) \
	X(clone_mount) \
	X(change_mount) \
	X(scratch) \
	X(overlay) \
	X(erofs) \
	X(attach_on_host) \
	X(release_mount) \
	X(attach) \
	X(mount_fs) \
	X(set_mount) \
	X(propagation) \
	X(root) \
	X(device) \
	X(symlink) \
	X(make_directory) \
	X(console) \
	X(pivot) \
	X(move_root) \
	X(change_root) \
	X(mask) \
	X(read_only) \
	X(sysctl) \
	X(loopback_up) \
	X(own_network) \
	X(time_namespace) \
	X(host_name) \
	X(domain_name) \
	X(join) \
	X(spawn) \
	X(unshare) \
	X(session) \
	X(rlimit) \
	X(oom_score) \
	X(keyring) \
	X(personality) \
	X(io_priority) \
	X(scheduler) \
	X(affinity) \
	X(memory_policy) \
	X(umask) \
	X(no_new_privileges) \
	X(bounding_set) \
	X(id_switch) \
	X(capabilities) \
	X(seccomp) \
	X(exec_label) \
	X(home_variable) \
	X(work_directory) \
	X(find_program) \
	X(await_start) \
	X(become_init) \
	X(leave) \
	X(exec) \
	X(network_namespace) \
	X(release_namespace) \
	X(network_setting) \
	X(netlink) \
	X(network_device) \
	X(move_device) \
	X(call_runtime) \
	X(call_criu) \
	X(await_criu) \
	X(adopt_init) \
	X(listen_console) \
	X(pass_console)

enum op_code {
	OP_directory,
	OP_write_file,
	OP_remove,
	OP_sync_filesystem,
	OP_open_file,
	OP_inherit,
	OP_fifo,
	OP_connect,
	OP_socket_pair,
	OP_open_namespace,
	OP_network_ahead,
	OP_open_process,
	OP_user_namespace,
	OP_run_stage,
	OP_await,
	OP_release,
	OP_hook,
	OP_start,
	OP_await_exec,
	OP_wait_exit,
	OP_notify_socket,
	OP_notify,
	OP_init_process,
	OP_send_process,
	OP_signal,
	OP_await_death,
	OP_read_in_root,
	OP_stat_in_root,
	OP_unpack_tree,
	OP_pack_tree,
	OP_cgroup_create,
	OP_cgroup_open,
	OP_cgroup_set,
	OP_cgroup_devices,
	OP_cgroup_kill,
	OP_cgroup_remove,
	OP_cgroup_freeze,
	OP_cgroup_vacate,
	OP_cgroup_join,
	OP_clone_mount,
	OP_change_mount,
	OP_scratch,
	OP_overlay,
	OP_erofs,
	OP_attach_on_host,
	OP_release_mount,
	OP_attach,
	OP_mount_fs,
	OP_set_mount,
	OP_propagation,
	OP_root,
	OP_device,
	OP_symlink,
	OP_make_directory,
	OP_console,
	OP_pivot,
	OP_move_root,
	OP_change_root,
	OP_mask,
	OP_read_only,
	OP_sysctl,
	OP_loopback_up,
	OP_own_network,
	OP_time_namespace,
	OP_host_name,
	OP_domain_name,
	OP_join,
	OP_spawn,
	OP_unshare,
	OP_session,
	OP_rlimit,
	OP_oom_score,
	OP_keyring,
	OP_personality,
	OP_io_priority,
	OP_scheduler,
	OP_affinity,
	OP_memory_policy,
	OP_umask,
	OP_no_new_privileges,
	OP_bounding_set,
	OP_id_switch,
	OP_capabilities,
	OP_seccomp,
	OP_exec_label,
	OP_home_variable,
	OP_work_directory,
	OP_find_program,
	OP_await_start,
	OP_become_init,
	OP_leave,
	OP_exec,
	OP_network_namespace,
	OP_release_namespace,
	OP_network_setting,
	OP_netlink,
	OP_network_device,
	OP_move_device,
	OP_call_runtime,
	OP_call_criu,
	OP_await_criu,
	OP_adopt_init,
	OP_listen_console,
	OP_pass_console,
	OP_COUNT
};

struct op_directory {
	const char *path;
	uint32_t mode;
	uint32_t flags;
};

struct op_write_file {
	const char *path;
	const char *content;
	uint32_t mode;
};

struct op_remove {
	const char *path;
	uint32_t tree;
};

struct op_sync_filesystem {
	const char *path;
};

struct op_open_file {
	const char *path;
	uint32_t flags;
	uint16_t out;
};

struct op_inherit {
	uint32_t fd;
	uint16_t out;
};

struct op_fifo {
	const char *path;
	uint16_t out;
};

struct op_connect {
	const char *path;
	uint16_t out;
};

struct op_socket_pair {
	uint16_t near;
	uint16_t far;
};

struct op_open_namespace {
	const char *path;
	uint32_t kind;
	uint16_t out;
};

struct op_network_ahead {
	const char *name;
	uint16_t out;
};

struct op_open_process {
	uint32_t pid;
	uint64_t start_time;
	uint16_t out;
};

struct op_user_namespace {
	const char *uid_map;
	const char *gid_map;
	uint32_t deny_setgroups;
	const char *uid_program;
	const char *gid_program;
	uint16_t out;
};

struct op_run_stage {
	uint32_t fork;
};

struct op_await {
	uint32_t barrier;
};

struct op_release {
	uint32_t barrier;
};

struct op_hook {
	const char *path;
	struct strings args;
	struct strings env;
	const char *directory;
	uint32_t timeout;
	const char *input;
};

struct op_start {
	const char *fifo;
	const char *status;
	uint16_t process;
};

struct op_await_exec {
	uint32_t unused;
};

struct op_wait_exit {
	uint32_t forward;
	uint16_t terminal;
	uint16_t notify;
	const char *manager;
};

struct op_notify_socket {
	const char *directory;
	const char *name;
	uint16_t out;
};

struct op_notify {
	uint16_t socket;
	const char *manager;
	uint16_t process;
	uint32_t pid;
};

struct op_init_process {
	uint16_t out;
};

struct op_send_process {
	uint16_t socket;
};

struct op_signal {
	uint16_t process;
	uint32_t signal;
};

struct op_await_death {
	uint16_t process;
	uint32_t timeout;
};

struct op_read_in_root {
	uint16_t root;
	const char *path;
	uint32_t limit;
	uint32_t tag;
};

struct op_stat_in_root {
	uint16_t root;
	const char *path;
	uint32_t tag;
};

struct op_unpack_tree {
	uint16_t directory;
	uint16_t records;
	const char *path;
	uint32_t flags;
};

struct op_pack_tree {
	uint16_t directory;
	const char *path;
	uint16_t records;
	uint32_t flags;
};

struct op_cgroup_create {
	const char *mount;
	const char *path;
	uint32_t cpuset;
	struct strings controllers;
	uint16_t out;
};

struct op_cgroup_open {
	const char *path;
	uint16_t out;
};

struct op_cgroup_set {
	uint16_t group;
	const char *file;
	const char *value;
	const char *else_file;
	const char *else_value;
};

struct op_cgroup_devices {
	uint16_t group;
	struct bytes program;
};

struct op_cgroup_kill {
	const char *path;
	uint32_t signal;
	uint32_t timeout;
};

struct op_cgroup_remove {
	const char *path;
	uint32_t timeout;
};

struct op_cgroup_freeze {
	const char *path;
	uint32_t frozen;
	uint32_t timeout;
};

struct op_cgroup_vacate {
	const char *path;
	const char *leaf;
};

struct op_cgroup_join {
	uint16_t group;
	uint32_t version;
};

struct op_clone_mount {
	const char *path;
	uint32_t flags;
	uint16_t out;
};

struct op_change_mount {
	uint16_t mount;
	uint64_t set;
	uint64_t clear;
	uint32_t propagation;
	uint32_t recursive;
	uint16_t user_namespace;
};

struct op_scratch {
	const char *path;
	struct strings directories;
};

struct op_overlay {
	struct strings lowers;
	const char *upper;
	const char *work;
	struct strings options;
	uint16_t out;
};

struct op_erofs {
	const char *image;
	struct strings devices;
	uint32_t flags;
	uint16_t out;
};

struct op_attach_on_host {
	uint16_t mount;
	const char *path;
};

struct op_release_mount {
	const char *path;
};

struct op_attach {
	uint16_t root;
	uint16_t mount;
	const char *target;
	uint32_t copy_up;
	const char *inside;
};

struct op_mount_fs {
	uint16_t root;
	const char *target;
	const char *type;
	const char *source;
	struct strings options;
	uint64_t set;
	uint32_t copy_up;
	const char *else_;
	const char *label;
};

struct op_set_mount {
	uint16_t root;
	const char *target;
	uint64_t set;
	uint64_t clear;
	uint32_t propagation;
	uint32_t recursive;
};

struct op_propagation {
	uint32_t propagation;
};

struct op_root {
	const char *path;
	uint16_t mount;
	uint16_t out;
};

struct op_device {
	uint16_t root;
	const char *path;
	uint32_t type;
	uint32_t major;
	uint32_t minor;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	const char *bind;
};

struct op_symlink {
	uint16_t root;
	const char *path;
	const char *target;
};

struct op_make_directory {
	uint16_t root;
	const char *path;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
};

struct op_console {
	uint16_t root;
	uint16_t socket;
	uint32_t rows;
	uint32_t columns;
	uint32_t mount;
	uint32_t uid;
};

struct op_pivot {
	uint16_t root;
	uint32_t propagation;
};

struct op_move_root {
	uint16_t root;
};

struct op_change_root {
	uint16_t root;
};

struct op_mask {
	uint16_t root;
	const char *path;
	const char *label;
};

struct op_read_only {
	uint16_t root;
	const char *path;
};

struct op_sysctl {
	const char *key;
	const char *value;
};

struct op_loopback_up {
	uint32_t unused;
};

struct op_own_network {
	uint16_t ahead;
};

struct op_time_namespace {
	const char *offsets;
};

struct op_host_name {
	const char *name;
};

struct op_domain_name {
	const char *name;
};

struct op_join {
	struct slots namespaces;
	uint16_t process;
	uint32_t flags;
};

struct op_spawn {
	uint32_t flags;
	uint16_t group;
	const char *title;
};

struct op_unshare {
	uint32_t flags;
};

struct op_session {
	uint32_t unused;
};

struct op_rlimit {
	uint32_t resource;
	uint64_t soft;
	uint64_t hard;
};

struct op_oom_score {
	const char *value;
};

struct op_keyring {
	const char *name;
	const char *label;
};

struct op_personality {
	uint32_t persona;
};

struct op_io_priority {
	uint32_t value;
};

struct op_scheduler {
	uint32_t policy;
	uint64_t flags;
	uint32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

struct op_affinity {
	struct bytes mask;
};

struct op_memory_policy {
	uint32_t mode;
	struct bytes nodes;
};

struct op_umask {
	uint32_t mask;
};

struct op_no_new_privileges {
	uint32_t unused;
};

struct op_bounding_set {
	uint64_t mask;
};

struct op_id_switch {
	uint32_t uid;
	uint32_t gid;
	struct numbers groups;
	uint32_t keep_groups;
};

struct op_capabilities {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
	uint64_t ambient;
};

struct op_seccomp {
	struct bytes filter;
	uint32_t flags;
	uint16_t listener;
	const char *state;
};

struct op_exec_label {
	const char *module;
	const char *label;
};

struct op_home_variable {
	uint32_t uid;
};

struct op_work_directory {
	const char *path;
	uint32_t optional;
};

struct op_find_program {
	const char *program;
	const char *path;
};

struct op_await_start {
	uint16_t start;
	uint16_t status;
};

struct op_become_init {
	const char *title;
};

struct op_leave {
	uint32_t unused;
};

struct op_exec {
	struct strings args;
	struct strings env;
	uint32_t keep;
};

struct op_network_namespace {
	const char *path;
	uint16_t out;
};

struct op_release_namespace {
	const char *path;
};

struct op_network_setting {
	uint16_t namespace;
	const char *key;
	const char *value;
};

struct op_netlink {
	const char *what;
	uint32_t protocol;
	uint16_t namespace;
	struct bytes messages;
	struct numbers places;
	struct slots descriptors;
	uint32_t tag;
};

struct op_network_device {
	const char *name;
};

struct op_move_device {
	const char *name;
	const char *target;
};

struct op_call_runtime {
	const char *what;
	const char *path;
	struct strings args;
	struct strings env;
	const char *directory;
	uint32_t timeout;
	const char *log;
	uint32_t flags;
	struct slots mounts;
	struct strings places;
};

struct op_call_criu {
	const char *path;
	struct strings args;
	struct strings env;
	struct bytes request;
	struct strings directories;
	struct slots descriptors;
	struct slots groups;
	struct slots mounts;
	struct strings places;
	uint32_t flags;
	uint16_t channel;
	uint16_t process;
};

struct op_await_criu {
	uint16_t channel;
	uint16_t process;
	const char *until;
	uint32_t go;
	uint16_t console;
};

struct op_adopt_init {
	const char *pid_file;
};

struct op_listen_console {
	const char *directory;
	const char *name;
	uint16_t out;
};

struct op_pass_console {
	uint16_t listener;
	uint16_t socket;
};

static const struct field_info op_fields[] = {
	{ FIELD_TEXT, 0, offsetof(struct op_directory, path) },
	{ FIELD_U32, 0, offsetof(struct op_directory, mode) },
	{ FIELD_U32, 1, offsetof(struct op_directory, flags) },
	{ FIELD_TEXT, 0, offsetof(struct op_write_file, path) },
	{ FIELD_TEXT, 0, offsetof(struct op_write_file, content) },
	{ FIELD_U32, 0, offsetof(struct op_write_file, mode) },
	{ FIELD_TEXT, 0, offsetof(struct op_remove, path) },
	{ FIELD_U32, 1, offsetof(struct op_remove, tree) },
	{ FIELD_TEXT, 0, offsetof(struct op_sync_filesystem, path) },
	{ FIELD_TEXT, 0, offsetof(struct op_open_file, path) },
	{ FIELD_U32, 0, offsetof(struct op_open_file, flags) },
	{ FIELD_OUT, 0, offsetof(struct op_open_file, out) },
	{ FIELD_U32, 0, offsetof(struct op_inherit, fd) },
	{ FIELD_OUT, 0, offsetof(struct op_inherit, out) },
	{ FIELD_TEXT, 0, offsetof(struct op_fifo, path) },
	{ FIELD_OUT, 0, offsetof(struct op_fifo, out) },
	{ FIELD_TEXT, 0, offsetof(struct op_connect, path) },
	{ FIELD_OUT, 0, offsetof(struct op_connect, out) },
	{ FIELD_OUT, 0, offsetof(struct op_socket_pair, near) },
	{ FIELD_OUT, 0, offsetof(struct op_socket_pair, far) },
	{ FIELD_TEXT, 0, offsetof(struct op_open_namespace, path) },
	{ FIELD_U32, 0, offsetof(struct op_open_namespace, kind) },
	{ FIELD_OUT, 0, offsetof(struct op_open_namespace, out) },
	{ FIELD_TEXT, 0, offsetof(struct op_network_ahead, name) },
	{ FIELD_OUT, 0, offsetof(struct op_network_ahead, out) },
	{ FIELD_U32, 0, offsetof(struct op_open_process, pid) },
	{ FIELD_U64, 0, offsetof(struct op_open_process, start_time) },
	{ FIELD_OUT, 0, offsetof(struct op_open_process, out) },
	{ FIELD_TEXT, 0, offsetof(struct op_user_namespace, uid_map) },
	{ FIELD_TEXT, 0, offsetof(struct op_user_namespace, gid_map) },
	{ FIELD_U32, 1, offsetof(struct op_user_namespace, deny_setgroups) },
	{ FIELD_TEXT, 1, offsetof(struct op_user_namespace, uid_program) },
	{ FIELD_TEXT, 1, offsetof(struct op_user_namespace, gid_program) },
	{ FIELD_OUT, 0, offsetof(struct op_user_namespace, out) },
	{ FIELD_U32, 1, offsetof(struct op_run_stage, fork) },
	{ FIELD_U32, 0, offsetof(struct op_await, barrier) },
	{ FIELD_U32, 0, offsetof(struct op_release, barrier) },
	{ FIELD_TEXT, 0, offsetof(struct op_hook, path) },
	{ FIELD_TEXTS, 0, offsetof(struct op_hook, args) },
	{ FIELD_TEXTS, 0, offsetof(struct op_hook, env) },
	{ FIELD_TEXT, 1, offsetof(struct op_hook, directory) },
	{ FIELD_U32, 1, offsetof(struct op_hook, timeout) },
	{ FIELD_TEXT, 0, offsetof(struct op_hook, input) },
	{ FIELD_TEXT, 0, offsetof(struct op_start, fifo) },
	{ FIELD_TEXT, 0, offsetof(struct op_start, status) },
	{ FIELD_IN, 1, offsetof(struct op_start, process) },
	{ FIELD_U32, 1, offsetof(struct op_wait_exit, forward) },
	{ FIELD_IN, 1, offsetof(struct op_wait_exit, terminal) },
	{ FIELD_IN, 1, offsetof(struct op_wait_exit, notify) },
	{ FIELD_TEXT, 1, offsetof(struct op_wait_exit, manager) },
	{ FIELD_TEXT, 0, offsetof(struct op_notify_socket, directory) },
	{ FIELD_TEXT, 0, offsetof(struct op_notify_socket, name) },
	{ FIELD_OUT, 0, offsetof(struct op_notify_socket, out) },
	{ FIELD_IN, 0, offsetof(struct op_notify, socket) },
	{ FIELD_TEXT, 0, offsetof(struct op_notify, manager) },
	{ FIELD_IN, 1, offsetof(struct op_notify, process) },
	{ FIELD_U32, 1, offsetof(struct op_notify, pid) },
	{ FIELD_OUT, 0, offsetof(struct op_init_process, out) },
	{ FIELD_IN, 0, offsetof(struct op_send_process, socket) },
	{ FIELD_IN, 0, offsetof(struct op_signal, process) },
	{ FIELD_U32, 0, offsetof(struct op_signal, signal) },
	{ FIELD_IN, 0, offsetof(struct op_await_death, process) },
	{ FIELD_U32, 0, offsetof(struct op_await_death, timeout) },
	{ FIELD_IN, 0, offsetof(struct op_read_in_root, root) },
	{ FIELD_TEXT, 0, offsetof(struct op_read_in_root, path) },
	{ FIELD_U32, 0, offsetof(struct op_read_in_root, limit) },
	{ FIELD_U32, 0, offsetof(struct op_read_in_root, tag) },
	{ FIELD_IN, 0, offsetof(struct op_stat_in_root, root) },
	{ FIELD_TEXT, 0, offsetof(struct op_stat_in_root, path) },
	{ FIELD_U32, 0, offsetof(struct op_stat_in_root, tag) },
	{ FIELD_IN, 0, offsetof(struct op_unpack_tree, directory) },
	{ FIELD_IN, 0, offsetof(struct op_unpack_tree, records) },
	{ FIELD_TEXT, 1, offsetof(struct op_unpack_tree, path) },
	{ FIELD_U32, 1, offsetof(struct op_unpack_tree, flags) },
	{ FIELD_IN, 0, offsetof(struct op_pack_tree, directory) },
	{ FIELD_TEXT, 0, offsetof(struct op_pack_tree, path) },
	{ FIELD_IN, 0, offsetof(struct op_pack_tree, records) },
	{ FIELD_U32, 1, offsetof(struct op_pack_tree, flags) },
	{ FIELD_TEXT, 0, offsetof(struct op_cgroup_create, mount) },
	{ FIELD_TEXT, 0, offsetof(struct op_cgroup_create, path) },
	{ FIELD_U32, 1, offsetof(struct op_cgroup_create, cpuset) },
	{ FIELD_TEXTS, 1, offsetof(struct op_cgroup_create, controllers) },
	{ FIELD_OUT, 0, offsetof(struct op_cgroup_create, out) },
	{ FIELD_TEXT, 0, offsetof(struct op_cgroup_open, path) },
	{ FIELD_OUT, 0, offsetof(struct op_cgroup_open, out) },
	{ FIELD_IN, 0, offsetof(struct op_cgroup_set, group) },
	{ FIELD_TEXT, 0, offsetof(struct op_cgroup_set, file) },
	{ FIELD_TEXT, 0, offsetof(struct op_cgroup_set, value) },
	{ FIELD_TEXT, 1, offsetof(struct op_cgroup_set, else_file) },
	{ FIELD_TEXT, 1, offsetof(struct op_cgroup_set, else_value) },
	{ FIELD_IN, 0, offsetof(struct op_cgroup_devices, group) },
	{ FIELD_BYTES, 0, offsetof(struct op_cgroup_devices, program) },
	{ FIELD_TEXT, 0, offsetof(struct op_cgroup_kill, path) },
	{ FIELD_U32, 0, offsetof(struct op_cgroup_kill, signal) },
	{ FIELD_U32, 0, offsetof(struct op_cgroup_kill, timeout) },
	{ FIELD_TEXT, 0, offsetof(struct op_cgroup_remove, path) },
	{ FIELD_U32, 0, offsetof(struct op_cgroup_remove, timeout) },
	{ FIELD_TEXT, 0, offsetof(struct op_cgroup_freeze, path) },
	{ FIELD_U32, 0, offsetof(struct op_cgroup_freeze, frozen) },
	{ FIELD_U32, 0, offsetof(struct op_cgroup_freeze, timeout) },
	{ FIELD_TEXT, 0, offsetof(struct op_cgroup_vacate, path) },
	{ FIELD_TEXT, 0, offsetof(struct op_cgroup_vacate, leaf) },
	{ FIELD_IN, 0, offsetof(struct op_cgroup_join, group) },
	{ FIELD_U32, 0, offsetof(struct op_cgroup_join, version) },
	{ FIELD_TEXT, 0, offsetof(struct op_clone_mount, path) },
	{ FIELD_U32, 1, offsetof(struct op_clone_mount, flags) },
	{ FIELD_OUT, 0, offsetof(struct op_clone_mount, out) },
	{ FIELD_IN, 0, offsetof(struct op_change_mount, mount) },
	{ FIELD_U64, 1, offsetof(struct op_change_mount, set) },
	{ FIELD_U64, 1, offsetof(struct op_change_mount, clear) },
	{ FIELD_U32, 1, offsetof(struct op_change_mount, propagation) },
	{ FIELD_U32, 1, offsetof(struct op_change_mount, recursive) },
	{ FIELD_IN, 1, offsetof(struct op_change_mount, user_namespace) },
	{ FIELD_TEXT, 0, offsetof(struct op_scratch, path) },
	{ FIELD_TEXTS, 0, offsetof(struct op_scratch, directories) },
	{ FIELD_TEXTS, 0, offsetof(struct op_overlay, lowers) },
	{ FIELD_TEXT, 1, offsetof(struct op_overlay, upper) },
	{ FIELD_TEXT, 1, offsetof(struct op_overlay, work) },
	{ FIELD_TEXTS, 1, offsetof(struct op_overlay, options) },
	{ FIELD_OUT, 0, offsetof(struct op_overlay, out) },
	{ FIELD_TEXT, 0, offsetof(struct op_erofs, image) },
	{ FIELD_TEXTS, 0, offsetof(struct op_erofs, devices) },
	{ FIELD_U32, 1, offsetof(struct op_erofs, flags) },
	{ FIELD_OUT, 0, offsetof(struct op_erofs, out) },
	{ FIELD_IN, 0, offsetof(struct op_attach_on_host, mount) },
	{ FIELD_TEXT, 0, offsetof(struct op_attach_on_host, path) },
	{ FIELD_TEXT, 0, offsetof(struct op_release_mount, path) },
	{ FIELD_IN, 0, offsetof(struct op_attach, root) },
	{ FIELD_IN, 0, offsetof(struct op_attach, mount) },
	{ FIELD_TEXT, 0, offsetof(struct op_attach, target) },
	{ FIELD_U32, 1, offsetof(struct op_attach, copy_up) },
	{ FIELD_TEXT, 1, offsetof(struct op_attach, inside) },
	{ FIELD_IN, 0, offsetof(struct op_mount_fs, root) },
	{ FIELD_TEXT, 0, offsetof(struct op_mount_fs, target) },
	{ FIELD_TEXT, 0, offsetof(struct op_mount_fs, type) },
	{ FIELD_TEXT, 1, offsetof(struct op_mount_fs, source) },
	{ FIELD_TEXTS, 1, offsetof(struct op_mount_fs, options) },
	{ FIELD_U64, 1, offsetof(struct op_mount_fs, set) },
	{ FIELD_U32, 1, offsetof(struct op_mount_fs, copy_up) },
	{ FIELD_TEXT, 1, offsetof(struct op_mount_fs, else_) },
	{ FIELD_TEXT, 1, offsetof(struct op_mount_fs, label) },
	{ FIELD_IN, 0, offsetof(struct op_set_mount, root) },
	{ FIELD_TEXT, 0, offsetof(struct op_set_mount, target) },
	{ FIELD_U64, 1, offsetof(struct op_set_mount, set) },
	{ FIELD_U64, 1, offsetof(struct op_set_mount, clear) },
	{ FIELD_U32, 1, offsetof(struct op_set_mount, propagation) },
	{ FIELD_U32, 1, offsetof(struct op_set_mount, recursive) },
	{ FIELD_U32, 0, offsetof(struct op_propagation, propagation) },
	{ FIELD_TEXT, 0, offsetof(struct op_root, path) },
	{ FIELD_IN, 0, offsetof(struct op_root, mount) },
	{ FIELD_OUT, 0, offsetof(struct op_root, out) },
	{ FIELD_IN, 0, offsetof(struct op_device, root) },
	{ FIELD_TEXT, 0, offsetof(struct op_device, path) },
	{ FIELD_U32, 0, offsetof(struct op_device, type) },
	{ FIELD_U32, 1, offsetof(struct op_device, major) },
	{ FIELD_U32, 1, offsetof(struct op_device, minor) },
	{ FIELD_U32, 0, offsetof(struct op_device, mode) },
	{ FIELD_U32, 1, offsetof(struct op_device, uid) },
	{ FIELD_U32, 1, offsetof(struct op_device, gid) },
	{ FIELD_TEXT, 1, offsetof(struct op_device, bind) },
	{ FIELD_IN, 0, offsetof(struct op_symlink, root) },
	{ FIELD_TEXT, 0, offsetof(struct op_symlink, path) },
	{ FIELD_TEXT, 0, offsetof(struct op_symlink, target) },
	{ FIELD_IN, 0, offsetof(struct op_make_directory, root) },
	{ FIELD_TEXT, 0, offsetof(struct op_make_directory, path) },
	{ FIELD_U32, 0, offsetof(struct op_make_directory, mode) },
	{ FIELD_U32, 1, offsetof(struct op_make_directory, uid) },
	{ FIELD_U32, 1, offsetof(struct op_make_directory, gid) },
	{ FIELD_IN, 1, offsetof(struct op_console, root) },
	{ FIELD_IN, 0, offsetof(struct op_console, socket) },
	{ FIELD_U32, 1, offsetof(struct op_console, rows) },
	{ FIELD_U32, 1, offsetof(struct op_console, columns) },
	{ FIELD_U32, 1, offsetof(struct op_console, mount) },
	{ FIELD_U32, 1, offsetof(struct op_console, uid) },
	{ FIELD_IN, 0, offsetof(struct op_pivot, root) },
	{ FIELD_U32, 1, offsetof(struct op_pivot, propagation) },
	{ FIELD_IN, 0, offsetof(struct op_move_root, root) },
	{ FIELD_IN, 0, offsetof(struct op_change_root, root) },
	{ FIELD_IN, 0, offsetof(struct op_mask, root) },
	{ FIELD_TEXT, 0, offsetof(struct op_mask, path) },
	{ FIELD_TEXT, 1, offsetof(struct op_mask, label) },
	{ FIELD_IN, 0, offsetof(struct op_read_only, root) },
	{ FIELD_TEXT, 0, offsetof(struct op_read_only, path) },
	{ FIELD_TEXT, 0, offsetof(struct op_sysctl, key) },
	{ FIELD_TEXT, 0, offsetof(struct op_sysctl, value) },
	{ FIELD_IN, 0, offsetof(struct op_own_network, ahead) },
	{ FIELD_TEXT, 0, offsetof(struct op_time_namespace, offsets) },
	{ FIELD_TEXT, 0, offsetof(struct op_host_name, name) },
	{ FIELD_TEXT, 0, offsetof(struct op_domain_name, name) },
	{ FIELD_INS, 1, offsetof(struct op_join, namespaces) },
	{ FIELD_IN, 1, offsetof(struct op_join, process) },
	{ FIELD_U32, 1, offsetof(struct op_join, flags) },
	{ FIELD_U32, 1, offsetof(struct op_spawn, flags) },
	{ FIELD_IN, 1, offsetof(struct op_spawn, group) },
	{ FIELD_TEXT, 1, offsetof(struct op_spawn, title) },
	{ FIELD_U32, 0, offsetof(struct op_unshare, flags) },
	{ FIELD_U32, 0, offsetof(struct op_rlimit, resource) },
	{ FIELD_U64, 0, offsetof(struct op_rlimit, soft) },
	{ FIELD_U64, 0, offsetof(struct op_rlimit, hard) },
	{ FIELD_TEXT, 0, offsetof(struct op_oom_score, value) },
	{ FIELD_TEXT, 0, offsetof(struct op_keyring, name) },
	{ FIELD_TEXT, 1, offsetof(struct op_keyring, label) },
	{ FIELD_U32, 0, offsetof(struct op_personality, persona) },
	{ FIELD_U32, 0, offsetof(struct op_io_priority, value) },
	{ FIELD_U32, 0, offsetof(struct op_scheduler, policy) },
	{ FIELD_U64, 1, offsetof(struct op_scheduler, flags) },
	{ FIELD_U32, 1, offsetof(struct op_scheduler, nice) },
	{ FIELD_U32, 1, offsetof(struct op_scheduler, priority) },
	{ FIELD_U64, 1, offsetof(struct op_scheduler, runtime) },
	{ FIELD_U64, 1, offsetof(struct op_scheduler, deadline) },
	{ FIELD_U64, 1, offsetof(struct op_scheduler, period) },
	{ FIELD_BYTES, 0, offsetof(struct op_affinity, mask) },
	{ FIELD_U32, 0, offsetof(struct op_memory_policy, mode) },
	{ FIELD_BYTES, 1, offsetof(struct op_memory_policy, nodes) },
	{ FIELD_U32, 0, offsetof(struct op_umask, mask) },
	{ FIELD_U64, 0, offsetof(struct op_bounding_set, mask) },
	{ FIELD_U32, 0, offsetof(struct op_id_switch, uid) },
	{ FIELD_U32, 0, offsetof(struct op_id_switch, gid) },
	{ FIELD_NUMBERS, 1, offsetof(struct op_id_switch, groups) },
	{ FIELD_U32, 1, offsetof(struct op_id_switch, keep_groups) },
	{ FIELD_U64, 0, offsetof(struct op_capabilities, effective) },
	{ FIELD_U64, 0, offsetof(struct op_capabilities, permitted) },
	{ FIELD_U64, 0, offsetof(struct op_capabilities, inheritable) },
	{ FIELD_U64, 0, offsetof(struct op_capabilities, ambient) },
	{ FIELD_BYTES, 0, offsetof(struct op_seccomp, filter) },
	{ FIELD_U32, 1, offsetof(struct op_seccomp, flags) },
	{ FIELD_IN, 1, offsetof(struct op_seccomp, listener) },
	{ FIELD_TEXT, 1, offsetof(struct op_seccomp, state) },
	{ FIELD_TEXT, 0, offsetof(struct op_exec_label, module) },
	{ FIELD_TEXT, 0, offsetof(struct op_exec_label, label) },
	{ FIELD_U32, 0, offsetof(struct op_home_variable, uid) },
	{ FIELD_TEXT, 0, offsetof(struct op_work_directory, path) },
	{ FIELD_U32, 1, offsetof(struct op_work_directory, optional) },
	{ FIELD_TEXT, 0, offsetof(struct op_find_program, program) },
	{ FIELD_TEXT, 0, offsetof(struct op_find_program, path) },
	{ FIELD_IN, 0, offsetof(struct op_await_start, start) },
	{ FIELD_IN, 0, offsetof(struct op_await_start, status) },
	{ FIELD_TEXT, 0, offsetof(struct op_become_init, title) },
	{ FIELD_TEXTS, 0, offsetof(struct op_exec, args) },
	{ FIELD_TEXTS, 0, offsetof(struct op_exec, env) },
	{ FIELD_U32, 1, offsetof(struct op_exec, keep) },
	{ FIELD_TEXT, 0, offsetof(struct op_network_namespace, path) },
	{ FIELD_OUT, 0, offsetof(struct op_network_namespace, out) },
	{ FIELD_TEXT, 0, offsetof(struct op_release_namespace, path) },
	{ FIELD_IN, 0, offsetof(struct op_network_setting, namespace) },
	{ FIELD_TEXT, 0, offsetof(struct op_network_setting, key) },
	{ FIELD_TEXT, 0, offsetof(struct op_network_setting, value) },
	{ FIELD_TEXT, 0, offsetof(struct op_netlink, what) },
	{ FIELD_U32, 0, offsetof(struct op_netlink, protocol) },
	{ FIELD_IN, 1, offsetof(struct op_netlink, namespace) },
	{ FIELD_BYTES, 0, offsetof(struct op_netlink, messages) },
	{ FIELD_NUMBERS, 1, offsetof(struct op_netlink, places) },
	{ FIELD_INS, 1, offsetof(struct op_netlink, descriptors) },
	{ FIELD_U32, 1, offsetof(struct op_netlink, tag) },
	{ FIELD_TEXT, 0, offsetof(struct op_network_device, name) },
	{ FIELD_TEXT, 0, offsetof(struct op_move_device, name) },
	{ FIELD_TEXT, 0, offsetof(struct op_move_device, target) },
	{ FIELD_TEXT, 0, offsetof(struct op_call_runtime, what) },
	{ FIELD_TEXT, 0, offsetof(struct op_call_runtime, path) },
	{ FIELD_TEXTS, 0, offsetof(struct op_call_runtime, args) },
	{ FIELD_TEXTS, 0, offsetof(struct op_call_runtime, env) },
	{ FIELD_TEXT, 1, offsetof(struct op_call_runtime, directory) },
	{ FIELD_U32, 0, offsetof(struct op_call_runtime, timeout) },
	{ FIELD_TEXT, 0, offsetof(struct op_call_runtime, log) },
	{ FIELD_U32, 1, offsetof(struct op_call_runtime, flags) },
	{ FIELD_INS, 0, offsetof(struct op_call_runtime, mounts) },
	{ FIELD_TEXTS, 0, offsetof(struct op_call_runtime, places) },
	{ FIELD_TEXT, 0, offsetof(struct op_call_criu, path) },
	{ FIELD_TEXTS, 0, offsetof(struct op_call_criu, args) },
	{ FIELD_TEXTS, 0, offsetof(struct op_call_criu, env) },
	{ FIELD_BYTES, 0, offsetof(struct op_call_criu, request) },
	{ FIELD_TEXTS, 0, offsetof(struct op_call_criu, directories) },
	{ FIELD_INS, 0, offsetof(struct op_call_criu, descriptors) },
	{ FIELD_INS, 0, offsetof(struct op_call_criu, groups) },
	{ FIELD_INS, 0, offsetof(struct op_call_criu, mounts) },
	{ FIELD_TEXTS, 0, offsetof(struct op_call_criu, places) },
	{ FIELD_U32, 1, offsetof(struct op_call_criu, flags) },
	{ FIELD_OUT, 0, offsetof(struct op_call_criu, channel) },
	{ FIELD_OUT, 0, offsetof(struct op_call_criu, process) },
	{ FIELD_IN, 0, offsetof(struct op_await_criu, channel) },
	{ FIELD_IN, 0, offsetof(struct op_await_criu, process) },
	{ FIELD_TEXT, 1, offsetof(struct op_await_criu, until) },
	{ FIELD_U32, 1, offsetof(struct op_await_criu, go) },
	{ FIELD_IN, 1, offsetof(struct op_await_criu, console) },
	{ FIELD_TEXT, 0, offsetof(struct op_adopt_init, pid_file) },
	{ FIELD_TEXT, 0, offsetof(struct op_listen_console, directory) },
	{ FIELD_TEXT, 0, offsetof(struct op_listen_console, name) },
	{ FIELD_OUT, 0, offsetof(struct op_listen_console, out) },
	{ FIELD_IN, 0, offsetof(struct op_pass_console, listener) },
	{ FIELD_IN, 0, offsetof(struct op_pass_console, socket) },
	{ 0, 0, 0 },
};

static const struct op_info op_table[OP_COUNT] = {
	{ "directory", { 3, 0, 0 }, 3, 0, sizeof(struct op_directory) },
	{ "writeFile", { 3, 0, 0 }, 3, 3, sizeof(struct op_write_file) },
	{ "remove", { 3, 0, 0 }, 2, 6, sizeof(struct op_remove) },
	{ "syncFilesystem", { 3, 0, 0 }, 1, 8, sizeof(struct op_sync_filesystem) },
	{ "openFile", { 1, 0, 0 }, 3, 9, sizeof(struct op_open_file) },
	{ "inherit", { 1, 0, 0 }, 2, 12, sizeof(struct op_inherit) },
	{ "fifo", { 1, 0, 0 }, 2, 14, sizeof(struct op_fifo) },
	{ "connect", { 1, 0, 0 }, 2, 16, sizeof(struct op_connect) },
	{ "socketPair", { 1, 0, 0 }, 2, 18, sizeof(struct op_socket_pair) },
	{ "openNamespace", { 1, 0, 0 }, 3, 20, sizeof(struct op_open_namespace) },
	{ "networkAhead", { 1, 0, 0 }, 2, 23, sizeof(struct op_network_ahead) },
	{ "openProcess", { 3, 0, 0 }, 3, 25, sizeof(struct op_open_process) },
	{ "userNamespace", { 1, 0, 0 }, 6, 28, sizeof(struct op_user_namespace) },
	{ "runStage", { 1, 0, 0 }, 1, 34, sizeof(struct op_run_stage) },
	{ "await", { 2, 0, 124 }, 1, 35, sizeof(struct op_await) },
	{ "release", { 2, 0, 124 }, 1, 36, sizeof(struct op_release) },
	{ "hook", { 3, 0, 72 }, 6, 37, sizeof(struct op_hook) },
	{ "start", { 3, 0, 0 }, 3, 43, sizeof(struct op_start) },
	{ "awaitExec", { 2, 0, 0 }, 0, 46, sizeof(struct op_await_exec) },
	{ "waitExit", { 2, 0, 0 }, 4, 46, sizeof(struct op_wait_exit) },
	{ "notifySocket", { 3, 0, 0 }, 3, 50, sizeof(struct op_notify_socket) },
	{ "notify", { 2, 0, 0 }, 4, 53, sizeof(struct op_notify) },
	{ "initProcess", { 2, 0, 0 }, 1, 57, sizeof(struct op_init_process) },
	{ "sendProcess", { 2, 0, 0 }, 1, 58, sizeof(struct op_send_process) },
	{ "signal", { 3, 0, 0 }, 2, 59, sizeof(struct op_signal) },
	{ "awaitDeath", { 3, 0, 0 }, 2, 61, sizeof(struct op_await_death) },
	{ "readInRoot", { 3, 0, 0 }, 4, 63, sizeof(struct op_read_in_root) },
	{ "statInRoot", { 3, 0, 0 }, 3, 67, sizeof(struct op_stat_in_root) },
	{ "unpackTree", { 3, 0, 0 }, 4, 70, sizeof(struct op_unpack_tree) },
	{ "packTree", { 3, 0, 0 }, 4, 74, sizeof(struct op_pack_tree) },
	{ "cgroupCreate", { 1, 0, 0 }, 5, 78, sizeof(struct op_cgroup_create) },
	{ "cgroupOpen", { 3, 0, 0 }, 2, 83, sizeof(struct op_cgroup_open) },
	{ "cgroupSet", { 3, 0, 0 }, 5, 85, sizeof(struct op_cgroup_set) },
	{ "cgroupDevices", { 3, 0, 0 }, 2, 90, sizeof(struct op_cgroup_devices) },
	{ "cgroupKill", { 3, 0, 0 }, 3, 92, sizeof(struct op_cgroup_kill) },
	{ "cgroupRemove", { 3, 0, 0 }, 2, 95, sizeof(struct op_cgroup_remove) },
	{ "cgroupFreeze", { 3, 0, 0 }, 3, 97, sizeof(struct op_cgroup_freeze) },
	{ "cgroupVacate", { 1, 0, 0 }, 2, 100, sizeof(struct op_cgroup_vacate) },
	{ "cgroupJoin", { 0, 4, 4 }, 2, 102, sizeof(struct op_cgroup_join) },
	{ "cloneMount", { 1, 0, 8 }, 3, 104, sizeof(struct op_clone_mount) },
	{ "changeMount", { 1, 0, 8 }, 6, 107, sizeof(struct op_change_mount) },
	{ "scratch", { 0, 0, 8 }, 2, 113, sizeof(struct op_scratch) },
	{ "overlay", { 1, 0, 8 }, 5, 115, sizeof(struct op_overlay) },
	{ "erofs", { 1, 0, 0 }, 4, 120, sizeof(struct op_erofs) },
	{ "attachOnHost", { 1, 0, 0 }, 2, 124, sizeof(struct op_attach_on_host) },
	{ "releaseMount", { 1, 0, 0 }, 1, 126, sizeof(struct op_release_mount) },
	{ "attach", { 0, 0, 8 }, 5, 127, sizeof(struct op_attach) },
	{ "mountFs", { 0, 0, 8 }, 9, 132, sizeof(struct op_mount_fs) },
	{ "setMount", { 0, 0, 24 }, 6, 141, sizeof(struct op_set_mount) },
	{ "propagation", { 0, 0, 4 }, 1, 147, sizeof(struct op_propagation) },
	{ "root", { 0, 0, 8 }, 3, 148, sizeof(struct op_root) },
	{ "device", { 0, 0, 8 }, 9, 151, sizeof(struct op_device) },
	{ "symlink", { 0, 0, 8 }, 3, 160, sizeof(struct op_symlink) },
	{ "makeDirectory", { 0, 0, 24 }, 5, 163, sizeof(struct op_make_directory) },
	{ "console", { 0, 0, 24 }, 6, 168, sizeof(struct op_console) },
	{ "pivot", { 0, 0, 16 }, 2, 174, sizeof(struct op_pivot) },
	{ "moveRoot", { 0, 0, 16 }, 1, 176, sizeof(struct op_move_root) },
	{ "changeRoot", { 0, 0, 16 }, 1, 177, sizeof(struct op_change_root) },
	{ "mask", { 0, 0, 16 }, 3, 178, sizeof(struct op_mask) },
	{ "readOnly", { 0, 0, 16 }, 2, 181, sizeof(struct op_read_only) },
	{ "sysctl", { 0, 0, 16 }, 2, 183, sizeof(struct op_sysctl) },
	{ "loopbackUp", { 0, 0, 4 }, 0, 185, sizeof(struct op_loopback_up) },
	{ "ownNetwork", { 0, 0, 4 }, 1, 185, sizeof(struct op_own_network) },
	{ "timeNamespace", { 0, 4, 0 }, 1, 186, sizeof(struct op_time_namespace) },
	{ "hostName", { 0, 0, 4 }, 1, 187, sizeof(struct op_host_name) },
	{ "domainName", { 0, 0, 4 }, 1, 188, sizeof(struct op_domain_name) },
	{ "join", { 0, 4, 4 }, 3, 189, sizeof(struct op_join) },
	{ "spawn", { 0, 4, 0 }, 3, 192, sizeof(struct op_spawn) },
	{ "unshare", { 0, 0, 4 }, 1, 195, sizeof(struct op_unshare) },
	{ "session", { 0, 0, 4 }, 0, 196, sizeof(struct op_session) },
	{ "rlimit", { 0, 4, 4 }, 3, 196, sizeof(struct op_rlimit) },
	{ "oomScore", { 0, 4, 4 }, 1, 199, sizeof(struct op_oom_score) },
	{ "keyring", { 0, 0, 32 }, 2, 200, sizeof(struct op_keyring) },
	{ "personality", { 0, 0, 32 }, 1, 202, sizeof(struct op_personality) },
	{ "ioPriority", { 0, 0, 4 }, 1, 203, sizeof(struct op_io_priority) },
	{ "scheduler", { 0, 0, 32 }, 7, 204, sizeof(struct op_scheduler) },
	{ "affinity", { 0, 4, 4 }, 1, 211, sizeof(struct op_affinity) },
	{ "memoryPolicy", { 0, 0, 4 }, 2, 212, sizeof(struct op_memory_policy) },
	{ "umask", { 0, 0, 32 }, 1, 214, sizeof(struct op_umask) },
	{ "noNewPrivileges", { 0, 0, 32 }, 0, 215, sizeof(struct op_no_new_privileges) },
	{ "boundingSet", { 0, 0, 32 }, 1, 215, sizeof(struct op_bounding_set) },
	{ "idSwitch", { 0, 0, 32 }, 4, 216, sizeof(struct op_id_switch) },
	{ "capabilities", { 0, 0, 32 }, 4, 220, sizeof(struct op_capabilities) },
	{ "seccomp", { 0, 0, 96 }, 4, 224, sizeof(struct op_seccomp) },
	{ "execLabel", { 0, 0, 32 }, 2, 228, sizeof(struct op_exec_label) },
	{ "homeVariable", { 0, 0, 32 }, 1, 230, sizeof(struct op_home_variable) },
	{ "workDirectory", { 0, 0, 32 }, 2, 231, sizeof(struct op_work_directory) },
	{ "findProgram", { 0, 0, 32 }, 2, 233, sizeof(struct op_find_program) },
	{ "awaitStart", { 0, 0, 64 }, 2, 235, sizeof(struct op_await_start) },
	{ "becomeInit", { 0, 0, 64 }, 1, 237, sizeof(struct op_become_init) },
	{ "leave", { 0, 0, 64 }, 0, 238, sizeof(struct op_leave) },
	{ "exec", { 0, 0, 64 }, 3, 238, sizeof(struct op_exec) },
	{ "networkNamespace", { 1, 0, 0 }, 2, 241, sizeof(struct op_network_namespace) },
	{ "releaseNamespace", { 1, 0, 0 }, 1, 243, sizeof(struct op_release_namespace) },
	{ "networkSetting", { 1, 0, 0 }, 3, 244, sizeof(struct op_network_setting) },
	{ "netlink", { 1, 0, 0 }, 7, 247, sizeof(struct op_netlink) },
	{ "networkDevice", { 1, 0, 0 }, 1, 254, sizeof(struct op_network_device) },
	{ "moveDevice", { 2, 0, 0 }, 2, 255, sizeof(struct op_move_device) },
	{ "callRuntime", { 1, 0, 0 }, 10, 257, sizeof(struct op_call_runtime) },
	{ "callCriu", { 1, 0, 0 }, 12, 267, sizeof(struct op_call_criu) },
	{ "awaitCriu", { 3, 0, 0 }, 5, 279, sizeof(struct op_await_criu) },
	{ "adoptInit", { 1, 0, 0 }, 1, 284, sizeof(struct op_adopt_init) },
	{ "listenConsole", { 1, 0, 0 }, 3, 285, sizeof(struct op_listen_console) },
	{ "passConsole", { 1, 0, 0 }, 2, 288, sizeof(struct op_pass_console) },
};

#endif
