/*
 * A command under way: the resident process decides, this one lends it standard streams, terminal and signals, and
 * executes the plans of `tug-oci`. The other side never stops in the middle of a message, so reading and writing may
 * block; whoever wants to get out can, because signals are not blocked.
 */
#include "front_resident.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>

enum { OUTPUT = 3, TERMINAL, EXIT, PLAN, PASS, WANT, LAST };
enum { BLOCK = 64 * 1024, TRY_AGAIN = -1, UNFINISHED = -1, LOST = -2, CANNOT_FINISH = 125 };

/* So many requests to end mean that nobody hears them; the resident process gets this long to prove otherwise. */
enum { IMPATIENCE = 3, LAST_CHANCE_S = 1 };

struct relay {
	int socket, signals;
	bool oci, input_ended, closed[3];
	bool repeatable; /* nothing has been printed, and the command does no harm when it is run once more */
	uint64_t wanted; /* bytes of input that there is room for */
	uint32_t last;   /* the execution that nothing comes after, or 0 */
	uint8_t block[MESSAGE_HEAD + BLOCK];
};

/* What signal handlers need. */
static struct {
	int wake; /* gets the number of each signal */
	int asked, last;
	bool raw; /* `before` is to be restored */
	struct termios before;
} lent;

/* With all signals blocked: SIGTTOU would stop a process in the background, others read what is changed here. */
static void set_raw(bool raw)
{
	sigset_t all, before;
	struct termios terminal;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	if (!raw && lent.raw) {
		tcsetattr(0, TCSANOW, &lent.before);
		lent.raw = false;
	} else if (raw && !lent.raw && tcgetattr(0, &lent.before) == 0) {
		terminal = lent.before;
		cfmakeraw(&terminal);
		lent.raw = tcsetattr(0, TCSANOW, &terminal) == 0;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static _Noreturn void end_by(int number)
{
	sigset_t none;
	set_raw(false);
	signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	raise(number);
	_exit(128 + number);
}

static void on_signal(int number)
{
	int error = errno;
	uint8_t byte = (uint8_t)number;
	if (number == SIGALRM && lent.asked >= IMPATIENCE)
		end_by(lent.last);
	if (number == SIGINT || number == SIGTERM) {
		lent.last = number;
		if (++lent.asked == IMPATIENCE)
			alarm(LAST_CHANCE_S);
	}
	if (write(lent.wake, &byte, 1) < 0)
		errno = error;
	errno = error;
}

/* Those that Node passes on to a container, and the size of the terminal. What the caller ignores stays ignored. */
static int catch_signals(void)
{
	static const int caught[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT, SIGWINCH };
	struct sigaction action = { .sa_handler = on_signal }, before;
	int pair[2];
	if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	lent.wake = pair[1];
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < sizeof caught / sizeof *caught; i++)
		if (sigaction(caught[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(caught[i], &action, NULL);
	return pair[0];
}

/* That nobody listens any more is noticed when reading. */
static void send_message(const struct relay *relay, enum front_message type, const void *content, size_t size)
{
	uint8_t message[MESSAGE_HEAD + 4];
	memcpy(put_head(message, type, size), content, size);
	write_all(relay->socket, message, MESSAGE_HEAD + size);
}

static void forward_signals(const struct relay *relay)
{
	uint8_t numbers[64], content[4];
	ssize_t count = relay->signals < 0 ? 0 : read(relay->signals, numbers, sizeof numbers);
	for (ssize_t i = 0; i < count; i++) {
		bool size = numbers[i] == SIGWINCH;
		put32(content, numbers[i]);
		if (size)
			front_size(content);
		send_message(relay, size ? SIZE : SIGNAL, content, sizeof content);
	}
}

static void pass_input(struct relay *relay)
{
	size_t room = relay->wanted < BLOCK ? relay->wanted : BLOCK;
	ssize_t size = read(0, relay->block + MESSAGE_HEAD, room);
	if (size > 0) {
		relay->wanted -= (uint64_t)size;
		put_head(relay->block, INPUT, (size_t)size);
		write_all(relay->socket, relay->block, MESSAGE_HEAD + (size_t)size);
	} else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
		relay->input_ended = true;
		send_message(relay, INPUT_END, "", 0);
	}
}

/* All of it, unless nobody reads that stream. */
static void write_output(struct relay *relay, uint8_t stream, size_t size)
{
	for (const uint8_t *at = relay->block; size > 0 && !relay->closed[stream];) {
		struct pollfd wait = { stream, POLLOUT, 0 };
		ssize_t done = write(stream, at, size);
		if (done == (ssize_t)size)
			return;
		if (done > 0) {
			at += done;
			size -= (size_t)done;
		} else if (errno == EAGAIN) {
			poll(&wait, 1, -1);
		} else if (errno != EINTR) {
			relay->closed[stream] = true;
			send_message(relay, CLOSED, &stream, sizeof stream);
		}
		forward_signals(relay); /* one of which may have interrupted it */
	}
}

static int pass_output(struct relay *relay, size_t size)
{
	uint8_t stream;
	relay->repeatable = false;
	if (size < 1 || read_all(relay->socket, &stream, 1) != 1 || stream < 1 || stream > 2)
		return LOST;
	for (size--; size > 0;) {
		ssize_t got = RETRY(read(relay->socket, relay->block, size < BLOCK ? size : BLOCK));
		if (got <= 0)
			return LOST;
		size -= (size_t)got;
		write_output(relay, stream, (size_t)got);
	}
	return UNFINISHED;
}

/* Executes a plan, whose message goes on with it; after the last one the command has ended as the container has. */
static int take_plan(const struct relay *relay, uint32_t execution)
{
	int status = 0;
	struct plan_execution wanted = { .observer = -1, .number = execution, .status = &status };
	int result = relay->oci ? run_plan(relay->socket, &wanted) : NO_PLAN;
	if (result == NO_PLAN)
		return LOST;
	if (result != PLAN_EXECUTED || execution != relay->last)
		return UNFINISHED;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Carries out one message of the resident process: an exit code, or UNFINISHED, or LOST. */
static int take_message(struct relay *relay)
{
	uint8_t head[MESSAGE_HEAD], content[4];
	if (read_all(relay->socket, head, sizeof head) != sizeof head)
		return LOST;
	size_t size = (size_t)get32(head) - 1, known = head[4] == TERMINAL ? 1 : 4;
	if (head[4] == OUTPUT)
		return pass_output(relay, size);
	if (size < known || read_all(relay->socket, content, known) != (ssize_t)known)
		return LOST;
	switch (head[4]) {
	case TERMINAL:
		set_raw(content[0]);
		return UNFINISHED;
	case EXIT:
		return (int)(get32(content) & 0xff);
	case PASS:
		end_by((int)get32(content));
	case WANT:
		relay->wanted += get32(content);
		return UNFINISHED;
	case LAST:
		relay->last = get32(content);
		return UNFINISHED;
	case PLAN:
		return take_plan(relay, get32(content));
	default:
		return LOST;
	}
}

static int attend(struct relay *relay)
{
	for (;;) {
		struct pollfd wait[] = {
			{ relay->socket, POLLIN, 0 },
			{ relay->signals, POLLIN, 0 },
			{ relay->wanted > 0 && !relay->input_ended ? 0 : -1, POLLIN, 0 },
		};
		if (poll(wait, 3, -1) < 0 && errno != EINTR)
			return LOST;
		if (wait[1].revents)
			forward_signals(relay);
		if (wait[2].revents)
			pass_input(relay);
		int result = wait[0].revents ? take_message(relay) : UNFINISHED;
		if (result != UNFINISHED)
			return result;
	}
}

int front_relay(const struct front *front, int socket, bool repeatable)
{
	static struct relay relay;
	static const char lost[] = ": cannot finish the command: the engine has gone\n";
	/* Under `tug-oci` signals mean the process that executes the plan, as they would without a resident process. */
	relay.signals = front->oci ? -1 : catch_signals();
	relay.socket = socket;
	relay.oci = front->oci;
	relay.repeatable = repeatable;
	void (*pipe_handler)(int) = signal(SIGPIPE, SIG_IGN);
	int code = attend(&relay);
	set_raw(false);
	if (code != LOST)
		return code;
	if (relay.repeatable) {
		/* Handlers end with execve(2), these do not. */
		alarm(0);
		signal(SIGPIPE, pipe_handler);
		return TRY_AGAIN;
	}
	write_all(2, front->oci ? "tug-oci" : "tug", front->oci ? 7 : 3);
	write_all(2, lost, sizeof lost - 1);
	return CANNOT_FINISH;
}
