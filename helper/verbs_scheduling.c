/* Where and when the process runs, and from which memory: what it hands on to the program. */
#include "run.h"

/* struct sched_attr as of its first version: its header and libc's exclude each other. */
struct scheduling {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

int verb_scheduler(struct run *run, const struct op_scheduler *op)
{
	struct scheduling attr = {
		sizeof attr, op->policy, op->flags, (int32_t)op->nice, op->priority, op->runtime, op->deadline, op->period,
	};
	return syscall(SYS_sched_setattr, 0, &attr, 0) < 0 ? fail(run, errno, "sched_setattr", NULL) : 0;
}

int verb_affinity(struct run *run, const struct op_affinity *op)
{
	/* The call itself, because a set of libc's has a size of its own. */
	if (syscall(SYS_sched_setaffinity, 0, op->mask.size, op->mask.data) < 0)
		return fail(run, errno, "sched_setaffinity", NULL);
	return 0;
}

int verb_memory_policy(struct run *run, const struct op_memory_policy *op)
{
	/* The kernel takes one bit less than it is told. */
	unsigned long bits = op->nodes.size ? op->nodes.size * 8UL + 1 : 0;
	if (syscall(SYS_set_mempolicy, op->mode, bits ? op->nodes.data : NULL, bits) < 0)
		return fail(run, errno, "set_mempolicy", NULL);
	return 0;
}
