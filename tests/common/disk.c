/* A disk that fails when it is told to, and that knows what it was asked to keep.
 *
 * Loaded into a program before the C library (LD_PRELOAD). It minds the files whose path has DISK_OF in it:
 *   - while the file DISK_FOLDER/fail-write is there, nothing can be written to them (EIO);
 *   - while DISK_FOLDER/fail-any is there, neither can they be written to nor opened for that: the disk is read-only (EROFS);
 *   - while DISK_FOLDER/fail-sync is there, none of them can be synced (EIO);
 *   - whatever is synced is copied to DISK_FOLDER by the name `inode-birth`: a file as it is, a folder as lines of
 *     `kind inode-birth name`. It is what a disk still has after a power cut, by the letter of POSIX: nothing else.
 * Deliberately absent: what sync_file_range(2) starts, which promises nothing.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwrite64)(int, const void *, size_t, off64_t);
static int (*real_open64)(const char *, int, ...);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static const char *folder, *minded;

__attribute__((constructor)) static void begin(void) {
  real_write = dlsym(RTLD_NEXT, "write");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_pwrite64 = dlsym(RTLD_NEXT, "pwrite64");
  real_open64 = dlsym(RTLD_NEXT, "open64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  folder = getenv("DISK_FOLDER");
  minded = getenv("DISK_OF");
}

static int is_minded(int fd) {
  char link[64], path[PATH_MAX];
  if (!folder || !minded) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, minded) != NULL;
}

static int is_told(const char *how) {
  char path[PATH_MAX];
  int error = errno;
  if (!folder) return 0;
  snprintf(path, sizeof path, "%s/%s", folder, how);
  int is_there = access(path, F_OK) == 0;
  errno = error;
  return is_there;
}

/* Why nothing can be written; 0 when it can. */
static int refuses(int fd) {
  int why = is_told("fail-write") ? EIO : is_told("fail-any") ? EROFS : 0;
  return why && is_minded(fd) ? why : 0;
}

/* The name that a file keeps whatever it is called, and that no other one gets. */
static int name_of(int at, const char *path, int flags, char *name, size_t size, int *is_folder) {
  struct statx known;
  if (statx(at, path, flags, STATX_BASIC_STATS | STATX_BTIME, &known)) return -1;
  snprintf(name, size, "%llu-%lld.%09u", (unsigned long long)known.stx_ino, (long long)known.stx_btime.tv_sec, known.stx_btime.tv_nsec);
  *is_folder = S_ISDIR(known.stx_mode);
  return 0;
}

static void list(int fd, int to) {
  char link[64], name[64], line[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  DIR *all = opendir(link);
  if (!all) return;
  for (struct dirent *one; (one = readdir(all));) {
    int is_folder;
    if (!strcmp(one->d_name, ".") || !strcmp(one->d_name, "..")) continue;
    if (name_of(dirfd(all), one->d_name, AT_SYMLINK_NOFOLLOW, name, sizeof name, &is_folder)) continue;
    int length = snprintf(line, sizeof line, "%s %s %s\n", is_folder ? "folder" : "file", name, one->d_name);
    real_write(to, line, length);
  }
  closedir(all);
}

static void copy(int fd, int to) {
  char link[64];
  static __thread char bytes[1 << 16];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  int from = open(link, O_RDONLY | O_CLOEXEC);
  if (from < 0) return;
  for (ssize_t length; (length = read(from, bytes, sizeof bytes)) > 0;) real_write(to, bytes, length);
  close(from);
}

static void keep(int fd) {
  char name[64], path[PATH_MAX], aside[PATH_MAX];
  int error = errno, is_folder;
  if (is_minded(fd) && !name_of(fd, "", AT_EMPTY_PATH, name, sizeof name, &is_folder)) {
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(aside, sizeof aside, "%s/%s.%d.aside", folder, name, gettid());
    int to = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (to >= 0) {
      is_folder ? list(fd, to) : copy(fd, to);
      close(to);
      rename(aside, path);
    }
  }
  errno = error;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  int why = refuses(fd);
  if (why) return errno = why, -1;
  return real_write(fd, bytes, length);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  int why = refuses(fd);
  if (why) return errno = why, -1;
  return real_writev(fd, parts, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  int why = refuses(fd);
  if (why) return errno = why, -1;
  return real_pwrite64(fd, bytes, length, at);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if ((flags & O_ACCMODE) != O_RDONLY && minded && strstr(path, minded) && is_told("fail-any")) return errno = EROFS, -1;
  return real_open64(path, flags, mode);
}

int fsync(int fd) {
  if (is_told("fail-sync") && is_minded(fd)) return errno = EIO, -1;
  int done = real_fsync(fd);
  if (!done) keep(fd);
  return done;
}

int fdatasync(int fd) {
  if (is_told("fail-sync") && is_minded(fd)) return errno = EIO, -1;
  int done = real_fdatasync(fd);
  if (!done) keep(fd);
  return done;
}
