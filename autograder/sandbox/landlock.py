"""Landlock: a process limits itself, and all that it forks, to some folders. Needs neither root nor namespaces."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

from autograder.sandbox.system import no_new_privileges, syscall

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_DIR, _WRITE_FILE, _DRIVE = 1 << 2, 1 << 3, 1 << 1, 1 << 15
# Remove a folder or a file, make a folder or a file, move something elsewhere, cut a file off. Not: execute, or make a
# device, a socket, a pipe or a symbolic link.
_WORK = _READ_FILE | _READ_DIR | _WRITE_FILE | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 13 | 1 << 14
# How many rights over files each version of Landlock knows, from the first one on.
_RIGHTS = (13, 14, 15, 15, 16)
# Before its third version (Linux 6.2) it had no say over who empties a file.
LEAST = 3
_NETWORK_SINCE, _SCOPES_SINCE = 4, 6
_BIND_AND_CONNECT = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("rights", ctypes.c_uint64), ("descriptor", ctypes.c_int32)]


def version() -> int:
    """The version of this machine's Landlock, 0 if there is none."""
    try:
        return syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(_ASK_VERSION))
    except OSError:
        return 0


def rules(readable: Iterable[str], writable: Iterable[str] = (), folders: Iterable[str] = ()) -> int:
    """A descriptor of rules, for `restrict`: nothing but these can be opened.

    Nor can TCP, abstract sockets or others' signals be reached.

    Args:
        readable: folders and files that may be read.
        writable: files that may be written and driven (ioctl) as well, such as /dev/null.
        folders: where files and folders may be made, written and removed, but nothing executed.

    Raises:
        OSError: the kernel refuses.
    """
    found = version()
    files = (1 << _RIGHTS[min(found, len(_RIGHTS)) - 1]) - 1
    rules = _Ruleset(
        files,
        _BIND_AND_CONNECT if found >= _NETWORK_SINCE else 0,
        _ABSTRACT_SOCKETS_AND_SIGNALS if found >= _SCOPES_SINCE else 0,
    )
    size = 8 if found < _NETWORK_SINCE else 16 if found < _SCOPES_SINCE else 24
    ruleset = syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint(0))
    try:
        for path in readable:
            _allow(ruleset, path, _READ_FILE | (_READ_DIR if Path(path).is_dir() else 0))
        for path in writable:
            _allow(ruleset, path, (_READ_FILE | _WRITE_FILE | _DRIVE) & files)
        for path in folders:
            _allow(ruleset, path, _WORK)
    except BaseException:
        os.close(ruleset)
        raise
    return ruleset


def restrict(ruleset: int) -> None:
    """Live by these rules from here on, besides those that hold already. Raises `OSError` if the kernel refuses."""
    no_new_privileges()
    syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0))
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        rule = _Beneath(rights, descriptor)
        syscall(
            _ADD_RULE,
            ctypes.c_int(ruleset),
            ctypes.c_uint(_PATH_BENEATH),
            ctypes.byref(rule),
            ctypes.c_uint(0),
        )
    finally:
        os.close(descriptor)
