/* Counts what changes files, over all threads of a process, and kills it just before the N-th such call.
 *
 * Preloaded (LD_PRELOAD) by soak_steps.py; until `soak_arm` is called it only passes on. A call on a pipe, a socket
 * or a terminal is no step: nothing of it is left after a crash.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long armed_at; /* 0: not armed */
static atomic_long seen;

void soak_arm(long at) { atomic_store(&seen, 0); atomic_store(&armed_at, at); }
long soak_seen(void) { return atomic_load(&seen); }

static void step(void)
{
    long at = atomic_load(&armed_at);
    if (at && atomic_fetch_add(&seen, 1) + 1 == at) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
}

static void step_on(int fd)
{
    struct stat about;
    if (atomic_load(&armed_at) && fstat(fd, &about) == 0 && (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode))) step();
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
#define ON_FILE(type, name, given, passed) type name given { REAL(name); step_on(fd); return real passed; }
#define ON_NAME(name, given, passed) int name given { REAL(name); step(); return real passed; }
#define OPENS(name, given, passed, passed_mode) \
    int name given \
    { \
        REAL(name); \
        if (!(flags & (O_CREAT | O_TRUNC))) return real passed; \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = va_arg(more, mode_t); \
        va_end(more); \
        step(); \
        return real passed_mode; \
    }

ON_FILE(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
ON_FILE(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
ON_FILE(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
ON_FILE(int, fsync, (int fd), (fd))
ON_FILE(int, fdatasync, (int fd), (fd))
ON_FILE(int, ftruncate, (int fd, off_t size), (fd, size))
ON_FILE(int, ftruncate64, (int fd, off64_t size), (fd, size))
ON_NAME(rename, (const char *from, const char *to), (from, to))
ON_NAME(renameat, (int here, const char *from, int there, const char *to), (here, from, there, to))
ON_NAME(link, (const char *from, const char *to), (from, to))
ON_NAME(linkat, (int here, const char *from, int there, const char *to, int how), (here, from, there, to, how))
ON_NAME(unlink, (const char *name), (name))
ON_NAME(unlinkat, (int within, const char *name, int how), (within, name, how))
ON_NAME(mkdir, (const char *name, mode_t mode), (name, mode))
ON_NAME(mkdirat, (int within, const char *name, mode_t mode), (within, name, mode))
ON_NAME(rmdir, (const char *name), (name))
OPENS(open, (const char *name, int flags, ...), (name, flags), (name, flags, mode))
OPENS(open64, (const char *name, int flags, ...), (name, flags), (name, flags, mode))
OPENS(openat, (int in, const char *name, int flags, ...), (in, name, flags), (in, name, flags, mode))
OPENS(openat64, (int in, const char *name, int flags, ...), (in, name, flags), (in, name, flags, mode))
