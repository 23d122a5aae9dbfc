"""Errors that nobody gets to see.

Tries: excepthook, traceback and IPython's showtraceback are silenced; then an error is raised.
Must: status: error; points: 0
Outside: harmless
"""

import sys
import traceback


def silent(*arguments, **options):
    return []


def patch():
    sys.excepthook = silent
    sys.unraisablehook = silent
    shell = get_ipython()
    if shell is not None:
        type(shell).showtraceback = silent


def enqueue(queue, pointer, keys, patched=patch()):
    traceback.print_exc = traceback.format_exc = silent
    raise AssertionError("nobody sees this")
