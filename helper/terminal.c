/* Terminals: making the container's, and lending it the caller's while waiting for its end. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include "guard.h"
#include "mount.h"
#include "readiness.h"
#include "path.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

enum { BLOCK = 32 * 1024, LAST_OUTPUT_MS = 100 };

static int mount_console(struct run *run, int root, int terminal, int number)
{
	owned int target = path_make(root, "/dev/console", S_IFREG | 0600, RESOLVE_NO_SYMLINKS);
	if (target < 0)
		return fail(run, errno, "openat2", "/dev/console");
	owned int mount = guard_console(root, terminal, number);
	if (mount < 0)
		return fail(run, errno, "open_tree", "/dev/console");
	return mount_attach(run, mount, target, "/dev/console");
}

int verb_console(struct run *run, const struct op_console *op)
{
	int unlock = 0, number;
	char name[32];
	struct winsize size = { (unsigned short)op->rows, (unsigned short)op->columns, 0, 0 };
	owned int own_root = op->root == NO_SLOT ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	int root = op->root == NO_SLOT ? own_root : slot_fd(run, op->root);
	owned int master = guard_master(run, root);
	if (master < 0)
		return fail(run, errno, "open", "/dev/pts/ptmx");
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0 || ioctl(master, TIOCGPTN, &number) < 0)
		return fail(run, errno, "ioctl", "/dev/pts/ptmx");
	owned int terminal = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal < 0)
		return fail(run, errno, "ioctl", "/dev/pts/ptmx");
	if (op->rows && ioctl(terminal, TIOCSWINSZ, &size) < 0)
		return fail(run, errno, "ioctl", "/dev/pts/ptmx");
	if (op->uid && fchown(terminal, op->uid, (gid_t)-1) < 0)
		return fail(run, errno, "fchown", "/dev/pts/ptmx");
	if (op->mount && mount_console(run, root, terminal, number) < 0)
		return -1;
	snprintf(name, sizeof name, "/dev/pts/%d", number);
	if (send_fd(slot_fd(run, op->socket), name, master) < 0)
		return fail(run, errno, "sendmsg", NULL);
	if (ioctl(terminal, TIOCSCTTY, 0) < 0)
		return fail(run, errno, "ioctl", name);
	for (int fd = 0; fd < 3; fd++)
		if (dup2(terminal, fd) < 0)
			return fail(run, errno, "dup2", NULL);
	return 0;
}

/* The caller's terminal while it is lent: descriptor 0 for keys, 1 for the screen. */
struct loan {
	int master;      /* the container's terminal, non-blocking; -1: none */
	bool raw;        /* `before` is to be restored */
	bool keys_ended; /* descriptor 0 has nothing more to give */
	int notify;      /* where the container says that it is ready; -1: nobody wants to know, or it has */
	const char *manager;
	struct termios before;
	char keys[BLOCK];
	size_t begin, end; /* keys that the container has not taken yet */
};

static void follow_size(const struct loan *loan)
{
	struct winsize size;
	if (ioctl(0, TIOCGWINSZ, &size) == 0)
		ioctl(loan->master, TIOCSWINSZ, &size);
}

static void begin_loan(struct loan *loan)
{
	struct termios raw;
	fcntl(loan->master, F_SETFL, O_NONBLOCK);
	follow_size(loan);
	loan->raw = tcgetattr(0, &loan->before) == 0;
	if (!loan->raw)
		return;
	raw = loan->before;
	cfmakeraw(&raw);
	tcsetattr(0, TCSANOW, &raw);
}

/* Output to the screen: false when there is none for now, or for ever. */
static bool show(struct loan *loan)
{
	char block[BLOCK];
	ssize_t size = read(loan->master, block, sizeof block);
	return size > 0 && write_all(1, block, (size_t)size) == 0;
}

static void take_keys(struct loan *loan)
{
	ssize_t size = read(0, loan->keys, sizeof loan->keys);
	loan->begin = 0;
	loan->end = size > 0 ? (size_t)size : 0;
	loan->keys_ended = size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
}

static void give_keys(struct loan *loan)
{
	ssize_t size = write(loan->master, loan->keys + loan->begin, loan->end - loan->begin);
	if (size > 0)
		loan->begin += (size_t)size;
}

/* Moves bytes and signals until init has ended. */
static void attend(struct run *run, struct loan *loan, int signals)
{
	for (;;) {
		bool waiting = loan->begin < loan->end, hung = false;
		struct pollfd wait[] = {
			{ run->init_fd, POLLIN, 0 },
			{ signals, POLLIN, 0 },
			{ loan->master, (short)(POLLIN | (waiting ? POLLOUT : 0)), 0 },
			{ loan->master < 0 || waiting || loan->keys_ended ? -1 : 0, POLLIN, 0 },
			{ loan->notify, POLLIN, 0 },
		};
		struct signalfd_siginfo signal;
		if (poll(wait, 5, -1) < 0 && errno != EINTR)
			return;
		if (wait[1].revents && read(signals, &signal, sizeof signal) == sizeof signal) {
			if (signal.ssi_signo == SIGWINCH)
				follow_size(loan);
			else if (signal.ssi_signo != SIGCHLD)
				kernel_pidfd_send_signal(run->init_fd, (int)signal.ssi_signo);
		}
		if (wait[2].revents & (POLLIN | POLLHUP))
			hung = !show(loan) && wait[2].revents & POLLHUP;
		if (wait[2].revents & POLLOUT)
			give_keys(loan);
		if (wait[3].revents)
			take_keys(loan);
		/* This process stays, so it is the one to follow; that the manager is gone ends no container. */
		if (wait[4].revents && readiness_pass(loan->notify, loan->manager, 0) != 0)
			loan->notify = -1;
		if (wait[0].revents)
			return;
		if (hung)
			poll(NULL, 0, 10); /* Nobody has the terminal open for the moment; polling it returns at once. */
	}
}

static void drain(struct loan *loan)
{
	struct pollfd last = { loan->master, POLLIN, 0 };
	while (loan->master >= 0 && poll(&last, 1, LAST_OUTPUT_MS) > 0 && last.revents & POLLIN && show(loan))
		;
}

int verb_wait_exit(struct run *run, const struct op_wait_exit *op)
{
	static struct loan loan;
	sigset_t set, before;
	sigemptyset(&set);
	loan.master = -1;
	loan.notify = op->notify == NO_SLOT ? -1 : slot_fd(run, op->notify);
	loan.manager = op->manager;
	if (op->terminal != NO_SLOT && (loan.master = receive_fd(slot_fd(run, op->terminal), NULL, 0)) < 0)
		return fail(run, errno, "recvmsg", NULL);
	if (op->forward)
		signals_to_forward(&set);
	if (loan.master < 0)
		sigdelset(&set, SIGWINCH);
	else
		sigaddset(&set, SIGWINCH), sigaddset(&set, SIGTTOU);
	sigprocmask(SIG_BLOCK, &set, &before);
	owned int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loan.master >= 0)
		begin_loan(&loan);
	attend(run, &loan, signals);
	drain(&loan);
	if (loan.raw)
		tcsetattr(0, TCSANOW, &loan.before);
	close_owned(&loan.master);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (RETRY(waitpid(run->init, &run->wait_status, 0)) < 0)
		return fail(run, errno, "waitpid", NULL);
	run->waited = true;
	run->init = 0;
	return 0;
}
