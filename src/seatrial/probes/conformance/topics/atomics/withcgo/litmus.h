#ifndef SEATRIAL_LITMUS_H
#define SEATRIAL_LITMUS_H
#include <stdint.h>

enum { SEATRIAL_BATCHES = 6, SEATRIAL_BATCH = 256, SEATRIAL_CELLS = 2, SEATRIAL_LOADS = 4, SEATRIAL_OPS = 4 };

/* One step, as in package litmus: kind 0 store, 1 load, 2 fence; order 0 relaxed, 1 acquire, 2 release, 3 seq_cst. */
struct seatrial_op {
	int kind, order, cell, slot, dependent;
	uint32_t value;
};

/* A race of threads; made and freed here, since C's memory does not move or get scanned. */
struct seatrial_race;
struct seatrial_race *seatrial_race_new(int threads);
void seatrial_race_free(struct seatrial_race *);

/* Runs a thread's steps in all batches. Thread 0 counts the outcomes. When late is no longer 0, threads give way to
 * each other no more: beside busy programs each time costs milliseconds. */
void seatrial_race_run(struct seatrial_race *, int thread, const struct seatrial_op *ops, int count, const uint32_t *late,
		       uint32_t *outcomes);

/* Adds to two numbers that Go adds to at the same time. */
void seatrial_add(uint32_t *narrow, uint64_t *wide, int turns);
/* Stores data and then a flag with release order, round after round, each when Go has answered the one before. */
void seatrial_publish(uint32_t *data, uint32_t *flag, uint32_t *answer, int rounds);
/* Whether C has lock-free atomics of 1, 2, 4 and 8 bytes: one bit each. */
int seatrial_lock_free(void);
#endif
