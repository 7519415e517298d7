/*
 * Times a command for the bench.
 *
 *   stopwatch PAUSE PROGRAM ARGUMENT...    does nothing for PAUSE milliseconds, then runs the program and prints how long
 *                                          it took, in milliseconds, from before it is made until it has ended
 *
 * A large program that has rested takes milliseconds to make a process and to notice its end; this one takes next to
 * none. The command reads and prints nothing, but for what a bad one says of itself: that is printed when it has ended,
 * with exit code 1. Nothing that it leaves behind keeps a stream of this program open.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void rest(long milliseconds) {
	struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};
	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

static int fail(const char *what, int error) {
	fprintf(stderr, "stopwatch: %s: %s\n", what, strerror(error));
	return 1;
}

static int complain(int said, const char *program, int status) {
	char text[500];
	ssize_t size = pread(said, text, sizeof text, 0);
	fprintf(stderr, "stopwatch: %s ended with status 0x%x: %.*s\n", program, (unsigned)status, size < 0 ? 0 : (int)size, text);
	return 1;
}

int main(int argc, char **argv) {
	posix_spawn_file_actions_t streams;
	pid_t child;
	int status;
	if (argc < 3) return fail("PAUSE PROGRAM ARGUMENT...", EINVAL);
	int said = memfd_create("stderr", MFD_CLOEXEC);
	if (said < 0) return fail("memfd_create", errno);
	posix_spawn_file_actions_init(&streams);
	posix_spawn_file_actions_adddup2(&streams, said, 2);
	posix_spawn_file_actions_addopen(&streams, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&streams, 1, "/dev/null", O_WRONLY, 0);
	rest(atol(argv[1]));
	double begin = now();
	int error = posix_spawnp(&child, argv[2], &streams, NULL, argv + 2, environ);
	if (error) return fail(argv[2], error);
	if (waitpid(child, &status, 0) < 0) return fail("waitpid", errno);
	double took = now() - begin;
	if (status != 0) return complain(said, argv[2], status);
	printf("%.3f\n", took);
	return 0;
}
