#include "litmus.h"
#include "planted.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <windows.h>
static void give_way(void) { SwitchToThread(); }
static void pause_1ms(void) { Sleep(1); }
#else
#include <sched.h>
#include <time.h>
static void give_way(void) { sched_yield(); }
static void pause_1ms(void) { nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); }
#endif

struct cell {
	_Atomic uint32_t value;
	char apart[124];
};

struct progress {
	_Atomic int rounds;
	char apart[124];
};

struct seatrial_race {
	int threads, no_order;
	_Atomic int arrived;
	struct progress progress[4];
	struct cell cells[SEATRIAL_BATCH][SEATRIAL_CELLS];
	uint32_t loaded[SEATRIAL_LOADS][SEATRIAL_BATCH];
};

struct seatrial_race *seatrial_race_new(int threads)
{
	struct seatrial_race *race = calloc(1, sizeof *race);
	if (race != 0) {
		race->threads = threads;
		race->no_order = seatrial_planted("atomics-c-no-order");
	}
	return race;
}

void seatrial_race_free(struct seatrial_race *race) { free(race); }

static void meet(struct seatrial_race *race)
{
	int mine = atomic_fetch_add(&race->arrived, 1) + 1;
	int all = (mine + race->threads - 1) / race->threads * race->threads;
	for (int tries = 0; atomic_load(&race->arrived) < all; tries++)
		if (tries > 2000)
			give_way();
}

/* Orders are constants for the compiler: a variable one would become the strongest. */
static void store(_Atomic uint32_t *cell, uint32_t value, int order)
{
	if (order == 3)
		atomic_store_explicit(cell, value, memory_order_seq_cst);
	else if (order == 2)
		atomic_store_explicit(cell, value, memory_order_release);
	else
		atomic_store_explicit(cell, value, memory_order_relaxed);
}

static uint32_t load(_Atomic uint32_t *cell, int order)
{
	if (order == 3)
		return atomic_load_explicit(cell, memory_order_seq_cst);
	if (order == 1)
		return atomic_load_explicit(cell, memory_order_acquire);
	return atomic_load_explicit(cell, memory_order_relaxed);
}

static void fence(int order)
{
	if (order == 3)
		atomic_thread_fence(memory_order_seq_cst);
	else if (order == 2)
		atomic_thread_fence(memory_order_release);
	else
		atomic_thread_fence(memory_order_acquire);
}

/* The same number, in a way that the compiler cannot see through: its value stays part of the address. */
static uint32_t opaque(uint32_t value)
{
	__asm__ volatile("" : "+r"(value));
	return value;
}

static void step(struct seatrial_race *race, int i, const struct seatrial_op *op, uint32_t *last)
{
	struct cell *cells = race->cells[i];
	if (op->kind == 0) {
		store(&cells[op->cell].value, op->value, op->order);
	} else if (op->kind == 1) {
		uint32_t nothing = op->dependent ? opaque(*last) & 0x80000000u : 0;
		*last = load(&cells[op->cell + (int)nothing].value, op->order);
		race->loaded[op->slot][i] = *last;
	} else {
		fence(op->order);
	}
}

static void batch(struct seatrial_race *race, int thread, int number, const struct seatrial_op *ops, int count,
		  const uint32_t *late)
{
	uint32_t last = 0, chance = (uint32_t)(number * 8 + thread + 1);
	for (int i = 0; i < SEATRIAL_BATCH; i++) {
		int round = number * SEATRIAL_BATCH + i;
		int close = number % 2 == 0 || atomic_load_explicit((const _Atomic uint32_t *)late, memory_order_relaxed);
		atomic_store(&race->progress[thread].rounds, round);
		for (int other = 0; other < race->threads; other++)
			for (int tries = 0; atomic_load(&race->progress[other].rounds) < round; tries++)
				if (close && tries > 100)
					break;
				else if (!close && tries > 20)
					give_way();
		for (volatile int delay = round * (thread + 1) % 7; close && delay > 0; delay--)
			;
		for (int k = 0; k < count; k++) {
			chance = chance * 1664525u + 1013904223u;
			if (!close && chance >> 30 == 0)
				give_way();
			step(race, i, &ops[race->no_order ? count - 1 - k : k], &last);
		}
	}
}

static void count_outcomes(struct seatrial_race *race, uint32_t *outcomes)
{
	for (int i = 0; i < SEATRIAL_BATCH; i++) {
		uint32_t outcome = 0;
		for (int slot = 0; slot < SEATRIAL_LOADS; slot++)
			outcome |= (race->loaded[slot][i] & 3) << (2 * slot);
		for (int cell = 0; cell < SEATRIAL_CELLS; cell++) {
			outcome |= (atomic_load(&race->cells[i][cell].value) & 3) << (2 * (SEATRIAL_LOADS + cell));
			atomic_store(&race->cells[i][cell].value, 0);
		}
		outcomes[outcome]++;
	}
}

void seatrial_race_run(struct seatrial_race *race, int thread, const struct seatrial_op *ops, int count,
		       const uint32_t *late, uint32_t *outcomes)
{
	for (int number = 0; number < SEATRIAL_BATCHES; number++) {
		meet(race);
		batch(race, thread, number, ops, count, late);
		meet(race);
		if (thread == 0)
			count_outcomes(race, outcomes);
	}
}

void seatrial_add(uint32_t *narrow, uint64_t *wide, int turns)
{
	_Atomic uint32_t *n = (_Atomic uint32_t *)narrow;
	_Atomic uint64_t *w = (_Atomic uint64_t *)wide;
	int apart = seatrial_planted("atomics-c-not-atomic");
	for (int i = 0; i < turns; i++) {
		if (apart) { /* what is no single step */
			uint32_t before = atomic_load(n);
			if (i % 1024 == 0)
				pause_1ms(); /* the other threads come, on a busy machine too */
			atomic_store(n, before + 1);
		} else {
			atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
		}
		uint64_t before = atomic_load_explicit(w, memory_order_relaxed);
		while (!atomic_compare_exchange_weak(w, &before, before + 0x100000001u))
			;
	}
}

void seatrial_publish(uint32_t *data, uint32_t *flag, uint32_t *answer, int rounds)
{
	int early = seatrial_planted("atomics-c-no-order");
	for (int round = 1; round <= rounds; round++) {
		if (early) {
			atomic_store_explicit((_Atomic uint32_t *)flag, round, memory_order_relaxed);
			give_way();
		}
		for (int i = 0; i < 8; i++)
			data[i] = round;
		atomic_store_explicit((_Atomic uint32_t *)flag, round, memory_order_release);
		for (int tries = 0; atomic_load_explicit((_Atomic uint32_t *)answer, memory_order_acquire) < (uint32_t)round; tries++)
			if (tries > 200)
				give_way();
	}
}

int seatrial_lock_free(void)
{
	if (seatrial_planted("atomics-c-not-atomic"))
		return 7;
	_Atomic uint8_t one;
	_Atomic uint16_t two;
	_Atomic uint32_t four;
	_Atomic uint64_t eight;
	return atomic_is_lock_free(&one) | atomic_is_lock_free(&two) << 1 | atomic_is_lock_free(&four) << 2 |
	       atomic_is_lock_free(&eight) << 3;
}
