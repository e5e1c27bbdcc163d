"""A wall clock that a test can set, for a gateway's processes: its servers keep the machine's."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

_FORMAT = struct.Struct("=q")
_SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static volatile const long long *ahead;
static int (*real)(clockid_t, struct timespec *);

static void begin(void) { /* what runs before our constructor asks for the time, too */
    int file = open(getenv("TEST_CLOCK"), O_RDONLY | O_CLOEXEC);
    ahead = mmap(0, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
    real = dlsym(RTLD_NEXT, "clock_gettime");
}

int clock_gettime(clockid_t which, struct timespec *at) {
    if (!real) begin();
    int failed = real(which, at);
    if (!failed && which == CLOCK_REALTIME) at->tv_sec += *ahead;
    return failed;
}

int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec, at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""


class Clock:
    """`env` makes processes use it; `jump` sets it, for all of them at once."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("no C compiler makes the clock")
        source, library, where = folder / "clock.c", folder / "clock.so", folder / "clock"
        source.write_text(_SHIM)
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        where.write_bytes(_FORMAT.pack(0))
        for path in (library, where):
            path.chmod(0o755)
        with open(where, "r+b") as file:
            self._set = mmap.mmap(file.fileno(), _FORMAT.size)
        self.env = {"LD_PRELOAD": str(library), "TEST_CLOCK": str(where)}

    def jump(self, ahead_s: int) -> None:
        """To so many seconds ahead of the machine's."""
        self._set[:] = _FORMAT.pack(ahead_s)
