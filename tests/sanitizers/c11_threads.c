/* C11's threads by those of POSIX, for the thread sanitizer only: it knows pthread_create and pthread_mutex_lock, but
 * not thrd_create and mtx_lock of the C library, which librdkafka uses. Without this its threads have no state there,
 * and the first call that the sanitizer looks at crashes. The C library's types are those of POSIX under other names.
 */

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t), "a mtx_t has room for a pthread_mutex_t");
_Static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t), "a cnd_t has room for a pthread_cond_t");

typedef struct {
  thrd_start_t start;
  void* argument;
} beginning;

static void* run(void* of) {
  const beginning begun = *(beginning*)of;
  free(of);
  return (void*)(intptr_t)begun.start(begun.argument);
}

static int result_of(int error) {
  if (error == 0) return thrd_success;
  if (error == EBUSY) return thrd_busy;
  return error == ETIMEDOUT ? thrd_timedout : thrd_error;
}

int thrd_create(thrd_t* thread, thrd_start_t start, void* argument) {
  beginning* begun = malloc(sizeof *begun);
  if (begun == NULL) return thrd_nomem;
  *begun = (beginning){start, argument};
  return result_of(pthread_create(thread, NULL, run, begun));
}

int thrd_join(thrd_t thread, int* result) {
  void* returned = NULL;
  const int error = pthread_join(thread, &returned);
  if (result != NULL) *result = (int)(intptr_t)returned;
  return result_of(error);
}

int thrd_detach(thrd_t thread) { return result_of(pthread_detach(thread)); }

int mtx_init(mtx_t* mutex, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if ((type & mtx_recursive) != 0) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  const int error = pthread_mutex_init((pthread_mutex_t*)mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
  return result_of(error);
}

void mtx_destroy(mtx_t* mutex) { pthread_mutex_destroy((pthread_mutex_t*)mutex); }
int mtx_lock(mtx_t* mutex) { return result_of(pthread_mutex_lock((pthread_mutex_t*)mutex)); }
int mtx_trylock(mtx_t* mutex) { return result_of(pthread_mutex_trylock((pthread_mutex_t*)mutex)); }
int mtx_unlock(mtx_t* mutex) { return result_of(pthread_mutex_unlock((pthread_mutex_t*)mutex)); }

int cnd_init(cnd_t* condition) { return result_of(pthread_cond_init((pthread_cond_t*)condition, NULL)); }
void cnd_destroy(cnd_t* condition) { pthread_cond_destroy((pthread_cond_t*)condition); }
int cnd_signal(cnd_t* condition) { return result_of(pthread_cond_signal((pthread_cond_t*)condition)); }
int cnd_broadcast(cnd_t* condition) { return result_of(pthread_cond_broadcast((pthread_cond_t*)condition)); }
int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return result_of(pthread_cond_wait((pthread_cond_t*)condition, (pthread_mutex_t*)mutex));
}
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const struct timespec* until) {
  return result_of(pthread_cond_timedwait((pthread_cond_t*)condition, (pthread_mutex_t*)mutex, until));
}
