"""A loop that no signal handler of Python can leave.

Tries: a regular expression that backtracks for centuries is matched, in C.
Must: status: timeout; points: 0
Outside: harmless
"""

import re


def enqueue(queue, pointer, keys):
    re.match(r"(a+)+$", "a" * 60 + "b")
    return 0
