/* System calls and texts without libc, for programs that have none and for what runs before it begins. */
#ifndef TUG_BARE_H
#define TUG_BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* What the kernel answers; below zero, the number of the error, negated. */
#if defined(__x86_64__)
static inline long bare_call(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline long bare_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
}
#else
#error "unknown architecture"
#endif

static inline long call(long number, long a, long b, long c, long d)
{
	return bare_call(number, a, b, c, d, 0, 0);
}

static inline void close_fd(long fd)
{
	if (fd >= 0)
		call(SYS_close, fd, 0, 0, 0);
}

static inline size_t length_of(const char *text)
{
	size_t length = 0;
	while (text[length])
		length++;
	return length;
}

static inline uint8_t *copy(uint8_t *to, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		to[i] = (uint8_t)text[i];
	return to + length;
}

/* What stands behind a prefix, or NULL. */
static inline const char *after(const char *text, const char *prefix)
{
	for (; *prefix; text++, prefix++)
		if (*text != *prefix)
			return NULL;
	return text;
}

static inline bool is_same(const char *one, const char *other)
{
	const char *rest = after(one, other);
	return rest && *rest == '\0';
}

static inline void *memory(size_t size)
{
	long at = bare_call(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at < 0 && at > -4096 ? NULL : (void *)at;
}

#endif
