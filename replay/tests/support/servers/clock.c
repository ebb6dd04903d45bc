/* A wall clock that a test sets, for a program that is started with this in LD_PRELOAD. The file of
 * APPLY_COOKIES_TEST_CLOCK has one word, twice: a number shifted left by one, and in its lowest bit
 * whether it is the time (milliseconds since 1970), or is added to the real time. Whatever measures
 * spans (CLOCK_MONOTONIC) is left alone.
 *
 * The real time is asked of the kernel directly: looking up the function that this replaces would
 * allocate memory, and an allocator may ask for the time before it can (jemalloc does). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(long) == 8, "a 64-bit system");

typedef _Atomic int64_t word;

static const word *map(void) {
  static const word *_Atomic words;
  const word *mapped = words;
  if (mapped) return mapped;
  int before = errno;
  const char *path = getenv("APPLY_COOKIES_TEST_CLOCK");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  void *at = file < 0 ? MAP_FAILED : mmap(NULL, 2 * sizeof(word), PROT_READ, MAP_SHARED, file, 0);
  if (at == MAP_FAILED) {
    static const char message[] = "clock.c: APPLY_COOKIES_TEST_CLOCK names no readable file\n";
    (void)!write(2, message, sizeof message - 1);
    _exit(70);
  }
  close(file);
  errno = before;
  words = at;
  return at;
}

static int wall(struct timespec *out) {
  const word *words = map();
  int64_t first, second;
  /* The file is written from its beginning on: while that goes on, they differ. */
  do {
    second = words[1];
    first = words[0];
  } while (first != second);
  int64_t millis = first >> 1, nanos = 0;
  if (!(first & 1)) {
    struct timespec real;
    if (syscall(SYS_clock_gettime, CLOCK_REALTIME, &real)) return -1;
    millis += real.tv_sec * 1000 + real.tv_nsec / 1000000;
    nanos = real.tv_nsec % 1000000;
  }
  out->tv_sec = millis / 1000;
  out->tv_nsec = millis % 1000 * 1000000 + nanos;
  return 0;
}

int clock_gettime(clockid_t id, struct timespec *out) {
  if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) return wall(out);
  return (int)syscall(SYS_clock_gettime, id, out);
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
  (void)zone;
  struct timespec now;
  if (wall(&now)) return -1;
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out) {
  struct timespec now;
  if (wall(&now)) return -1;
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
