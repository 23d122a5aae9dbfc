"""A recursion that ends in the C stack.

Tries: the limit of recursion is raised to ten million before it is put to use.
Must: status: crashed | error | memory | timeout; points: 0
Outside: harmless
"""

import sys


def descend(depth):
    return descend(depth + 1) + [max([depth], key=lambda value: descend(value + 1))]


def enqueue(queue, pointer, keys):
    sys.setrecursionlimit(10_000_000)
    return descend(0)
