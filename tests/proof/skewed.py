"""Hosts whose clocks are wrong: a process under this shim reads another time of day."""

import shutil
import subprocess

import pytest

SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static time_t by_s(void) { return atol(getenv("SKEWED_BY_S")); }

int clock_gettime(clockid_t which, struct timespec *told) {
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(which, told);
    if (which == CLOCK_REALTIME) told->tv_sec += by_s();
    return failed;
}

int gettimeofday(struct timeval *told, void *zone) {
    int (*real)(struct timeval *, void *) = dlsym(RTLD_NEXT, "gettimeofday");
    int failed = real(told, zone);
    told->tv_sec += by_s();
    return failed;
}

time_t time(time_t *told) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (told) *told = now.tv_sec;
    return now.tv_sec;
}
"""


def compile_shim(folder):
    """Compile the shim; without a C compiler or where nothing can be preloaded, skip and say so."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("needs a C compiler, to give processes another clock")
    (folder / "skew.c").write_text(SHIM)
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", folder / "skew.so", folder / "skew.c", "-ldl"],
        check=True,
    )
    return folder / "skew.so"


def skew(monkeypatch, shim, by_s):
    """Let the processes that start from now on be so many seconds ahead of the database."""
    monkeypatch.setenv("LD_PRELOAD", str(shim))
    monkeypatch.setenv("SKEWED_BY_S", str(by_s))
