"""A filter on system calls: what student code has no use for fails with EPERM, whatever user it runs as.

The filter is a list of what is allowed, so that a call which Linux learns next year is refused as well.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from autograder.sandbox.syscalls import ALL_BITS, CALLS, SELF, Only
from autograder.sandbox.system import no_new_privileges, syscall

_SECCOMP = {"x86_64": 317, "aarch64": 277}
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SET_MODE_FILTER, _GET_ACTION_AVAIL = 1, 2

# Classic BPF.
_LOAD, _EQUAL, _GREATER_OR_EQUAL, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
# The second table of numbers of x86_64, which would go round the first one.
_X32 = 0x40000000

_CLONE3 = 435

Instruction = tuple[int, int, int, int]
_REFUSE: Instruction = (_RETURN, 0, 0, _ERRNO | errno.EPERM)


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
        code: the program; where a process may name only itself, `SELF` stands for its number.
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
        code = self.code.replace(struct.pack("<I", SELF), struct.pack("<I", os.getpid()))
        buffer = ctypes.create_string_buffer(code, len(code))
        program = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
        syscall(
            _SECCOMP[self._machine], ctypes.c_uint(_SET_MODE_FILTER), ctypes.c_uint(0), ctypes.byref(program)
        )


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def _program(machine: str, devices: bool) -> list[Instruction]:
    code: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, _ARCHITECTURE[machine]),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER),
        (_GREATER_OR_EQUAL, 0, 1, _X32),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
        # glibc falls back to clone, whose flags can be looked at: those of clone3 lie in memory.
        (_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    ]
    plain = []
    for name, (x86_64, aarch64, *conditions) in CALLS.items():
        number = {"x86_64": x86_64, "aarch64": aarch64}[machine]
        if number is None:
            continue
        if not conditions or (devices and name == "ioctl"):
            plain.append(number)
            continue
        tests = [instruction for condition in conditions for instruction in _require(condition)]
        code += [(_EQUAL, 0, len(tests) + 1, number), *tests, (_RETURN, 0, 0, _ALLOW)]
    for first, last in _runs(plain):
        # The runs are sorted: a number below this one is in none of them. The kernel tries a new filter with every
        # number there is, so a short way through it is time saved at each fork.
        code += [
            (_GREATER_OR_EQUAL, 1, 0, first),
            _REFUSE,
            (_GREATER_OR_EQUAL, 1, 0, last + 1),
            (_RETURN, 0, 0, _ALLOW),
        ]
    return [*code, _REFUSE]


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Sorted numbers as (first, last) of each row without a gap."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def _require(condition: Only) -> list[Instruction]:
    """Go on behind these instructions if the condition holds; refuse the call if it does not."""
    code: list[Instruction] = [(_LOAD, 0, 0, _ARGUMENTS + 8 * condition.argument + 4 * condition.upper)]
    if condition.mask != ALL_BITS:
        code.append((_AND, 0, 0, condition.mask))
    for position, value in enumerate(condition.values):
        # Over the rest of the values, and the refusal.
        code.append((_EQUAL, len(condition.values) - position, 0, value))
    return [*code, _REFUSE]
