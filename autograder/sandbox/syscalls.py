"""The system calls that student code may make: their numbers on x86_64 and aarch64 and what their arguments must be.

What is not listed fails with EPERM: whatever makes processes, programs, sockets, namespaces or mounts, looks into other
processes or asks whether they exist, or changes the machine; the rights and times of files too, over which Landlock has
no say. What Python, numpy and torch can do without is not listed either, however harmless it looks: each call is a part
of the kernel that can have holes. Numbers are those of Linux's own headers and never change.
"""

from __future__ import annotations

from typing import NamedTuple

# No process has this number, and no instruction this constant: the filter puts its own process in the place.
SELF = 0x7FC0FFEE

ALL_BITS = 0xFFFFFFFF

_CLONE_THREAD = 0x00010000
_NEW_NAMESPACES = 0x7E020080
_AF_UNIX = 1
_SOCK_STREAM, _SOCK_TYPE = 1, 0xF
# What says something about a descriptor, not what drives a device: isatty, size of a terminal, blocking or not.
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# Names of threads and of memory; what would make the process traceable again is not among them.
_PRCTLS = (3, 15, 16, 0x53564D41)
# Copies, flags and locks. Not the owner of a descriptor, which is a way to send signals; not the size of a pipe.
_FCNTLS = (0, 1, 2, 3, 4, 5, 6, 7, 1030)
# Type, error, protocol and family; not who is at the other end, which comes with a descriptor of that process.
_SOCKET_OPTIONS = (3, 4, 38, 39)
# Not what takes pages of a file, such as those of torch, from all who use it, or looks for pages like one's own.
_MEMORY_ADVICE = (0, 1, 2, 3, 4, 8, 14, 15, 16, 17, 18, 22, 23)
_FILE_ADVICE = (0, 1, 2, 3, 5)
# A file without a name is in no folder, and so in none that is looked at.
_O_TMPFILE = 0o20000000


class Only(NamedTuple):
    """A condition: the argument, or its bits under the mask, must be one of these values.

    32 bits are looked at, which for an int is all that the kernel sees too; `upper` asks for the other half of a
    pointer.
    """

    argument: int
    values: tuple[int, ...]
    mask: int = ALL_BITS
    upper: bool = False


# The first sixteen are this machine's and this process's own; the others tell how busy another process is.
_OWN_CLOCKS = Only(0, (0,), mask=ALL_BITS & ~0xF)

# `None`: this machine has no such call. All conditions must hold.
CALLS: dict[str, tuple[int | None, int | None, *tuple[Only, ...]]] = {
    "access": (21, None),
    "alarm": (37, None),
    "arch_prctl": (158, None),
    "brk": (12, 214),
    "capget": (125, 90),
    "chdir": (80, 49),
    "clock_getres": (229, 114, _OWN_CLOCKS),
    "clock_gettime": (228, 113, _OWN_CLOCKS),
    "clock_nanosleep": (230, 115, _OWN_CLOCKS),
    "clone": (56, 220, Only(0, (_CLONE_THREAD,), mask=_CLONE_THREAD | _NEW_NAMESPACES)),
    "close": (3, 57),
    "close_range": (436, 436),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "epoll_create1": (291, 20),
    "epoll_ctl": (233, 21),
    "epoll_pwait": (281, 22),
    "epoll_wait": (232, None),
    "eventfd2": (290, 19),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "fadvise64": (221, 223, Only(3, _FILE_ADVICE)),
    "fallocate": (285, 47),
    "fchdir": (81, 50),
    "fcntl": (72, 25, Only(1, _FCNTLS)),
    "fdatasync": (75, 83),
    "fstat": (5, 80),
    "fstatfs": (138, 44),
    "fsync": (74, 82),
    "ftruncate": (77, 46),
    "futex": (202, 98),
    "get_mempolicy": (239, 236),
    "getcpu": (309, 168),
    "getcwd": (79, 17),
    "getdents64": (217, 61),
    "getegid": (108, 177),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getgroups": (115, 158),
    "getitimer": (36, 102),
    "getpgid": (121, 155, Only(0, (0, SELF))),
    "getpgrp": (111, None),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getrandom": (318, 278),
    "getresgid": (120, 150),
    "getresuid": (118, 148),
    "getrusage": (98, 165),
    "getsockname": (51, 204),
    "getsockopt": (55, 209, Only(2, _SOCKET_OPTIONS)),
    "gettid": (186, 178),
    "gettimeofday": (96, 169),
    "getuid": (102, 174),
    "ioctl": (16, 29, Only(1, _IOCTLS)),
    "kill": (62, 129, Only(0, (SELF,))),
    "link": (86, None),
    "linkat": (265, 37),
    "lseek": (8, 62),
    "lstat": (6, None),
    "madvise": (28, 233, Only(2, _MEMORY_ADVICE)),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "msync": (26, 227),
    "munmap": (11, 215),
    "nanosleep": (35, 101),
    "newfstatat": (262, 79),
    # Not openat2, whose flags lie in memory.
    "open": (2, None, Only(1, (0,), mask=_O_TMPFILE)),
    "openat": (257, 56, Only(2, (0,), mask=_O_TMPFILE)),
    "pause": (34, None),
    "pipe": (22, None),
    "pipe2": (293, 59),
    "poll": (7, None),
    "ppoll": (271, 73),
    "prctl": (157, 167, Only(0, _PRCTLS)),
    "pread64": (17, 67),
    "preadv": (295, 69),
    "prlimit64": (302, 261, Only(0, (0, SELF))),
    "pselect6": (270, 72),
    "pwrite64": (18, 68),
    "pwritev": (296, 70),
    "read": (0, 63),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "readv": (19, 65),
    "recvfrom": (45, 207),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "restart_syscall": (219, 128),
    "rmdir": (84, None),
    "rseq": (334, 293),
    "rt_sigaction": (13, 134),
    "rt_sigpending": (127, 136),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "rt_sigsuspend": (130, 133),
    "rt_sigtimedwait": (128, 137),
    "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126),
    "sched_getaffinity": (204, 123),
    "sched_yield": (24, 124),
    # To nobody by name: a socket in a file belongs to somebody outside.
    "sendto": (44, 206, Only(4, (0,)), Only(4, (0,), upper=True)),
    "set_robust_list": (273, 99),
    "set_tid_address": (218, 96),
    "setitimer": (38, 103),
    "sigaltstack": (131, 132),
    # Not of datagrams, which could be sent to somebody by name.
    "socketpair": (53, 199, Only(0, (_AF_UNIX,)), Only(1, (_SOCK_STREAM,), mask=_SOCK_TYPE)),
    "stat": (4, None),
    "statfs": (137, 43),
    "statx": (332, 291),
    "sysinfo": (99, 179),
    "tgkill": (234, 131, Only(0, (SELF,))),
    "time": (201, None),
    "times": (100, 153),
    "umask": (95, 166),
    "uname": (63, 160),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "wait4": (61, 260),
    "write": (1, 64),
    "writev": (20, 66),
}
