"""A filter on system calls: what student code has no use for fails with EPERM, whatever user it runs as.

The filter is a list of what is allowed, so that a call which Linux learns next year is refused as well.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from autograder.sandbox.syscalls import CONDITIONAL, NUMBERS
from autograder.sandbox.system import no_new_privileges, syscall

_SECCOMP = {"x86_64": 317, "aarch64": 277}
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SET_MODE_FILTER, _GET_ACTION_AVAIL = 1, 2

# Classic BPF.
_LOAD, _EQUAL, _GREATER_OR_EQUAL, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
# The second table of numbers of x86_64, which would go round the first one.
_X32 = 0x40000000

_CLONE_THREAD = 0x00010000
_NEW_NAMESPACES = 0x7E020080
_AF_UNIX = 1
_SOCK_STREAM, _SOCK_TYPE = 1, 0xF
# What says something about a descriptor, not what drives a device: isatty, size of a terminal, blocking or not.
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# Names of threads and of memory; what would make the process traceable again is not among them.
_PRCTLS = (3, 15, 16, 0x53564D41)
# Asking for signals upon events can send them to another process.
_FCNTLS_REFUSED = (8, 10, 15, 1024, 1026)

# No process has this number, and no instruction this constant.
_SELF = 0x7FC0FFEE

Instruction = tuple[int, int, int, int]


def available() -> bool:
    """Whether this machine can filter system calls, and we know its numbers."""
    machine = os.uname().machine
    if machine not in _SECCOMP:
        return False
    try:
        action = ctypes.c_uint32(_KILL_PROCESS)
        syscall(_SECCOMP[machine], ctypes.c_uint(_GET_ACTION_AVAIL), ctypes.c_uint(0), ctypes.byref(action))
    except OSError:
        return False
    return True


class Filter:
    """A filter, prepared before a fork and installed after it.

    Attributes:
        code: the program; where a process may name only itself, `_SELF` stands for its number.
    """

    def __init__(self, *, devices: bool = False) -> None:
        """Prepare.

        Args:
            devices: allow every ioctl, without which a GPU cannot be used.
        """
        self._machine = os.uname().machine
        self.code = b"".join(struct.pack("<HBBI", *item) for item in _program(self._machine, devices))

    def install(self) -> None:
        """Filter this process's system calls from here on. Cannot be undone. Raises `OSError` if the kernel refuses."""
        no_new_privileges()
        code = self.code.replace(struct.pack("<I", _SELF), struct.pack("<I", os.getpid()))
        buffer = ctypes.create_string_buffer(code, len(code))
        program = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
        syscall(
            _SECCOMP[self._machine], ctypes.c_uint(_SET_MODE_FILTER), ctypes.c_uint(0), ctypes.byref(program)
        )


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def _program(machine: str, devices: bool) -> list[Instruction]:
    column = ("x86_64", "aarch64").index(machine)
    numbers = {name: both[column] for name, both in NUMBERS.items()}
    code: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, _ARCHITECTURE[machine]),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER),
        (_GREATER_OR_EQUAL, 0, 1, _X32),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    ]
    # glibc falls back to clone, whose flags can be looked at: those of clone3 lie in memory.
    code += _if(numbers["clone3"], [(_RETURN, 0, 0, _ERRNO | errno.ENOSYS)])
    code += _if(
        numbers["clone"],
        [
            _argument(0),
            (_ANY_BIT, 0, 2, _CLONE_THREAD),
            (_ANY_BIT, 1, 0, _NEW_NAMESPACES),
            (_RETURN, 0, 0, _ALLOW),
            _refuse(),
        ],
    )
    code += _if(numbers["kill"], _when_argument(0, (_SELF,)))
    code += _if(numbers["tgkill"], _when_argument(0, (_SELF,)))
    code += _if(numbers["prlimit64"], _when_argument(0, (0, _SELF)))
    # Not of datagrams, and to nobody by name: a socket in a file belongs to somebody outside.
    code += _if(
        numbers["socketpair"],
        [
            _argument(0),
            (_EQUAL, 0, 4, _AF_UNIX),
            _argument(1),
            (_AND, 0, 0, _SOCK_TYPE),
            (_EQUAL, 0, 1, _SOCK_STREAM),
            (_RETURN, 0, 0, _ALLOW),
            _refuse(),
        ],
    )
    code += _if(
        numbers["sendto"],
        [
            _argument(4),
            (_EQUAL, 0, 3, 0),
            _argument(4, upper=True),
            (_EQUAL, 0, 1, 0),
            (_RETURN, 0, 0, _ALLOW),
            _refuse(),
        ],
    )
    code += _if(numbers["ioctl"], [(_RETURN, 0, 0, _ALLOW)] if devices else _when_argument(1, _IOCTLS))
    code += _if(numbers["prctl"], _when_argument(0, _PRCTLS))
    code += _if(numbers["fcntl"], _unless_argument(1, _FCNTLS_REFUSED))
    plain = [number for name, number in numbers.items() if number is not None and name not in CONDITIONAL]
    for first, last in _runs(plain):
        # The runs are sorted: a number below this one is in none of them. The kernel tries a new filter with every
        # number there is, so a short way through it is time saved at each fork.
        code += [
            (_GREATER_OR_EQUAL, 1, 0, first),
            _refuse(),
            (_GREATER_OR_EQUAL, 1, 0, last + 1),
            (_RETURN, 0, 0, _ALLOW),
        ]
    code.append(_refuse())
    return code


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Sorted numbers as (first, last) of each row without a gap."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def _if(number: int | None, then: list[Instruction]) -> list[Instruction]:
    """`then`, which must end in a return, for one system call; others go on behind it."""
    return [] if number is None else [(_EQUAL, 0, len(then), number), *then]


def _when_argument(index: int, values: tuple[int, ...]) -> list[Instruction]:
    code = [_argument(index)]
    for value in values:
        code += [(_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
    return [*code, _refuse()]


def _unless_argument(index: int, values: tuple[int, ...]) -> list[Instruction]:
    code = [_argument(index)]
    for value in values:
        code += [(_EQUAL, 0, 1, value), _refuse()]
    return [*code, (_RETURN, 0, 0, _ALLOW)]


def _argument(index: int, *, upper: bool = False) -> Instruction:
    # The lower half is all of what is an int or an unsigned int to the kernel too.
    return (_LOAD, 0, 0, _ARGUMENTS + 8 * index + 4 * upper)


def _refuse() -> Instruction:
    return (_RETURN, 0, 0, _ERRNO | errno.EPERM)
